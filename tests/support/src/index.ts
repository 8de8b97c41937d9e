export * from './child-process.ts';
export * from './database-process.ts';
export * from './find-program.ts';
export * from './free-port.ts';
export * from './redis-process.ts';
export * from './temp-folder.ts';
export * from './wait-until.ts';
