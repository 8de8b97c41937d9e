globalThis.library = require('@postline/client');
