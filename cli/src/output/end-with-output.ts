/**
 * Ends the process with code 0 and no message when the reader of its output closes it, as in `postline history 1 |
 * head`. Any other failure to write ends the process with code 1.
 */
export function endWithOutput(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    console.error(`postline: the output cannot be written: ${error.message}`);
    process.exit(1);
  });
}
