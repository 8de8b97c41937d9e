const READ_BYTES = 256 * 1024;

/**
 * One buffer that all sockets of this process read into, one after the other: what was read is taken out of it before
 * anything else is. A buffer for each read of each socket would be most of what the load generator does.
 */
export const READ_BUFFER = Buffer.alloc(READ_BYTES);
