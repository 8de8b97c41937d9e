/** Exit code 0 where this container's service answers the path it is given with 2xx; Docker bounds the wait. */
async function check() {
  const port = process.env.PORT ?? process.env.API_PORT;
  const answer = await fetch(`http://127.0.0.1:${port}${process.argv[2]}`);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

check().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
