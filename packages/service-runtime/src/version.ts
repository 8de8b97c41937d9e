/** The version of all packages; a test compares it with their package.json files. */
export const VERSION = '0.2.0';
