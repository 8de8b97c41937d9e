/** Import rules: services -> packages -> protocol; drivers, express and ws only at their edges. */
const SERVICES = '^(api-server|websocket-server|standalone|web-client)/';

/** Only the files under `from` may import the npm package `name`. */
function onlyFrom(name, from) {
  return {
    name: `${name}-only-at-its-edge`,
    severity: 'error',
    from: {
      path: '^(packages|api-server|websocket-server|standalone|web-client|cli)/',
      pathNot: [from, '/test/'],
    },
    to: { path: `node_modules/${name}/` },
  };
}

/** Each folder of `root` may import itself and the listed folders of `root`, and of the files of `root` itself `shared`. */
function foldersImport(root, allowed, shared = '(?!)') {
  return Object.entries(allowed).map(([folder, others]) => ({
    name: `${root}-${folder}-imports-${['itself', ...others].join('-and-')}`,
    severity: 'error',
    from: { path: `^${root}/${folder}/` },
    to: { path: `^${root}/`, pathNot: `^${root}/(?:(?:${[folder, ...others].join('|')})/|${shared}$)` },
  }));
}

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'packages-never-import-a-service',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: SERVICES },
    },
    {
      name: 'services-never-import-each-other',
      severity: 'error',
      from: { path: '^(api-server|websocket-server|web-client)/' },
      to: { path: SERVICES, pathNot: '^$1/' },
    },
    {
      name: 'cli-imports-no-service',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: SERVICES },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { pathNot: '^cli/' },
      to: { path: '^cli/' },
    },
    {
      name: 'protocol-imports-only-zod',
      severity: 'error',
      from: { path: '^packages/protocol/src/' },
      to: { pathNot: ['^packages/protocol/src/', 'node_modules/zod/'] },
    },
    {
      name: 'web-client-imports-no-node',
      severity: 'error',
      from: { path: '^web-client/src/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'client-sdk-imports-ws-in-its-node-entry-and-nothing-else',
      severity: 'error',
      from: { path: '^packages/client-sdk/src/' },
      to: {
        pathNot: [
          '^packages/client-sdk/src/',
          '^packages/protocol/src/close-codes\\.ts$',
          'node_modules/(@types/)?ws/',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'client-sdk-has-a-browser-build-without-node',
      severity: 'error',
      from: { path: '^packages/client-sdk/src/(index|script)\\.ts$' },
      to: { path: 'node_modules/ws/|/client-sdk/src/(platform/)?node-', reachable: true },
    },
    {
      name: 'client-sdk-platform-stands-alone',
      severity: 'error',
      from: { path: '^packages/client-sdk/src/platform/' },
      to: { path: '^packages/client-sdk/src/', pathNot: '^packages/client-sdk/src/platform/' },
    },
    {
      // postline-client-base.ts alone puts the folders together; they share the platform and the cursor.
      name: 'client-sdk-folders-do-not-import-each-other',
      severity: 'error',
      from: { path: '^packages/client-sdk/src/([^/]+)/' },
      to: {
        path: '^packages/client-sdk/src/(?:[^/]+/|postline-client-base\\.ts$)',
        pathNot: ['^packages/client-sdk/src/$1/', '^packages/client-sdk/src/(?:platform|cursor)/'],
      },
    },
    {
      name: 'client-binding-imports-the-client-only',
      severity: 'error',
      from: { path: '^packages/client-binding/src/' },
      to: { pathNot: ['^packages/client-binding/src/', '^packages/client-sdk/dist/'] },
    },
    {
      name: 'client-react-and-vue-import-their-framework-and-the-binding-only',
      severity: 'error',
      from: { path: '^packages/client-(react|vue)/src/' },
      to: {
        pathNot: [
          '^packages/client-$1/src/',
          '^packages/client-binding/src/index\\.ts$',
          '^packages/client-sdk/dist/',
          'node_modules/(@types/)?$1/',
        ],
      },
    },
    {
      // The files beside these folders put the page together. The folders share page/ and know the connection's state.
      name: 'web-client-folders-do-not-import-each-other',
      severity: 'error',
      from: { path: '^web-client/src/([^/]+)/' },
      to: {
        path: '^web-client/src/',
        pathNot: ['^web-client/src/$1/', '^web-client/src/page/', '^web-client/src/connection/'],
      },
    },
    {
      name: 'nothing-imports-main',
      severity: 'error',
      from: {},
      to: { path: '/src/main\\.ts$' },
    },
    {
      name: 'sources-import-no-tests',
      severity: 'error',
      from: { path: '/src/', pathNot: '^tests/' },
      to: { path: '^tests/|/test/' },
    },
    // A request enters http/server, goes through http/routes to access, body and publishing or reading, and never back.
    ...foldersImport('api-server/src', {
      'http/answers': ['reading'],
      'http/body': ['http/answers'],
      'http/documentation': ['http/openapi'],
      'http/openapi': ['http/answers'],
      'http/routes': [
        'access',
        'http/answers',
        'http/body',
        'http/documentation',
        'http/openapi',
        'members',
        'publishing',
        'reading',
        'upkeep',
      ],
      'http/server': ['access', 'http/answers', 'http/body', 'http/routes', 'metrics'],
      access: ['http/answers'],
      members: [],
      publishing: [],
      reading: [],
      upkeep: [],
      metrics: ['publishing'],
    }),
    ...foldersImport(
      'packages/service-runtime/src',
      {
        calls: ['structures'],
        database: ['settings', 'structures'],
        health: ['calls', 'logging', 'timing'],
        http: ['settings', 'structures'],
        logging: ['timing'],
        memory: ['settings', 'structures'],
        metrics: ['health', 'logging', 'memory'],
        pages: [],
        process: ['calls', 'logging', 'metrics', 'settings', 'timing'],
        redis: ['settings', 'structures'],
        settings: [],
        structures: [],
        timing: [],
        tracing: ['calls', 'health', 'logging', 'settings'],
      },
      'version\\.ts',
    ),
    // A hint goes feeds -> following -> socket, an identify socket -> connection -> identifying -> all that it names.
    ...foldersImport(
      'websocket-server/src',
      {
        metrics: [],
        operations: ['metrics'],
        admission: ['metrics'],
        feeds: ['metrics'],
        acks: ['feeds', 'metrics'],
        following: ['feeds', 'metrics'],
        connection: ['acks', 'admission', 'feeds', 'following'],
        starting: ['acks', 'feeds', 'following'],
        control: ['connection', 'feeds'],
        groups: ['connection', 'control', 'feeds', 'following', 'metrics', 'starting'],
        identifying: [
          'admission',
          'connection',
          'control',
          'feeds',
          'following',
          'groups',
          'metrics',
          'starting',
        ],
        socket: ['admission', 'connection', 'feeds'],
        'http/asyncapi': [],
        'http/operations': ['operations'],
        http: ['admission', 'operations', 'socket'],
      },
      'configuration\\.ts',
    ),
    ...foldersImport('packages/message-store/src/mysql', {
      sessions: [],
      schema: ['sessions'],
      reading: ['sessions'],
      members: ['sessions'],
      append: ['sessions', 'members'],
      acks: ['sessions', 'reading'],
      control: ['sessions'],
      topology: ['sessions', 'schema'],
      upkeep: ['sessions', 'schema', 'reading', 'members'],
    }),
    {
      name: 'store-rules-and-kinds-are-apart',
      severity: 'error',
      from: { path: '^packages/message-store/src/(rules|mysql|sqlite)/' },
      to: { path: '^packages/message-store/src/(mysql|sqlite)/', pathNot: '^packages/message-store/src/$1/' },
    },
    {
      name: 'bus-kinds-are-apart',
      severity: 'error',
      from: { path: '^packages/message-bus/src/(redis|in-process)/' },
      to: { path: '^packages/message-bus/src/(redis|in-process)/', pathNot: '^packages/message-bus/src/$1/' },
    },
    onlyFrom('mysql2', '^packages/message-store/src/mysql/'),
    onlyFrom('libsql', '^packages/message-store/src/sqlite/'),
    onlyFrom('ioredis', '^packages/message-bus/src/redis/'),
    onlyFrom('@opentelemetry', '^packages/service-runtime/src/tracing/'),
    onlyFrom('jose', '^packages/client-tokens/src/'),
    onlyFrom('commander', '^packages/operator-commands/src/|^cli/src/'),
    onlyFrom('express', '^(api-server|websocket-server)/src/http/'),
    // The doctor connects with an origin, as no library in Node does.
    onlyFrom(
      'ws',
      '^websocket-server/src/socket/|^packages/client-sdk/src/platform/node-environment\\.ts$|^cli/src/doctor/check-origin\\.ts$',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The applications import what their tests write beside them.
    exclude: { path: '(^|/)(dist|node_modules/\\.vite)/|^tests/bindings/[a-z]+-app/' },
    tsConfig: { fileName: 'tsconfig.checks.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['postline-source', 'import', 'node', 'default', 'types'],
    },
  },
};
