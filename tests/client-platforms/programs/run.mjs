import * as library from '@postline/client';
import programs from './exchange.cjs';

const [relayUrl, apiUrl, clientId] = process.argv.slice(2);
console.log(JSON.stringify(await programs.exchange(library, { relayUrl, apiUrl, clientId })));
