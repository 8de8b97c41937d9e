# The images: `docker build --target standalone .` is both services in one process with an embedded database; `api-server` and
# `websocket-server` are those that docker-compose.yml builds and runs.

# The package.json files alone, so that an edit of a source file installs nothing again.
FROM node:26.12.1-trixie-slim AS manifests
WORKDIR /app
COPY . .
RUN find . -type f -not -name package.json -not -name package-lock.json -delete \
  && find . -type d -empty -delete


# Compiles; it and its development dependencies stay behind. Only what runs goes to /built: no declarations, no maps.
FROM node:26.12.1-trixie-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/npm-cache npm ci --cache /npm-cache --ignore-scripts
COPY . .
RUN npx tsc -b standalone packages/client-sdk web-client && npm run bundle --workspace packages/client-sdk \
  && npm run bundle --workspace web-client && npm run bundle --workspace standalone
RUN for service in api-server websocket-server; do \
    node scripts/bundle-programs.cjs $service && rm -f dist/bundled.json && mv dist /built-$service || exit 1; done
RUN mkdir /built && cp --parents -r packages/*/dist api-server/dist websocket-server/dist web-client/dist/*.js \
    web-client/*.html web-client/*.css web-client/favicon.svg db/migrations -t /built/ \
  && mkdir -p /built-client && mv /built/packages/client-sdk/dist/client.js /built-client/ \
  && rm -r /built/packages/client-sdk && find /built* \( -name '*.d.ts' -o -name '*.map' -o -name .tsbuildinfo \) -delete


# What each service needs of the registry, and nothing of the other's. The optional packages are SQLite's binaries for
# each platform; a service on MySQL never loads them. Development dependencies are struck from the manifests first: the
# tests' own workspace is one of them, and `--omit=dev` alone would leave out that workspace, but not what it depends on.
FROM manifests AS runtime-manifests
RUN npm pkg delete devDependencies --workspaces --include-workspace-root

FROM runtime-manifests AS api-server-dependencies
RUN --mount=type=cache,target=/npm-cache \
  npm ci --cache /npm-cache --ignore-scripts --omit=dev --omit=optional --workspace @postline/api-server \
  && rm -r packages/client-binding packages/client-react packages/client-vue

FROM runtime-manifests AS websocket-server-dependencies
RUN --mount=type=cache,target=/npm-cache \
  npm ci --cache /npm-cache --ignore-scripts --omit=dev --omit=optional --workspace @postline/websocket-server \
  && rm -r packages/client-binding packages/client-react packages/client-vue

# SQLite's binary is one of the optional packages. /data exists so that a new volume there belongs to the ordinary user.
FROM runtime-manifests AS standalone-dependencies
RUN --mount=type=cache,target=/npm-cache \
  npm ci --cache /npm-cache --ignore-scripts --omit=dev --workspace @postline/standalone \
  && rm -r node_modules/@postline && mkdir /data


FROM node:26.12.1-trixie-slim AS runtime
WORKDIR /app
# With NODE_ENV=production AUTH is `required` unless it is set: an image that nobody configured refuses to start, it
# never runs open. docker-compose.yml sets AUTH=open.
ENV NODE_ENV=production
ENV HOST=0.0.0.0
COPY docker/healthcheck.cjs ./
# Files belong to root, so the process couldn't change its own program even on a writable file system.
USER node
# Here: does the process live? An orchestrator may restart what fails this check, and a restart mends no database.
# docker-compose.yml, which needs an order of starts, asks /readyz instead.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "healthcheck.cjs", "/healthz"]


FROM runtime AS api-server
COPY --from=api-server-dependencies /app/node_modules node_modules
COPY --from=api-server-dependencies /app/packages packages
COPY --from=api-server-dependencies /app/api-server api-server
COPY --from=build /built/packages packages
COPY --from=build /built/api-server api-server
COPY --from=build /built-api-server dist
COPY --from=build /built/db db
ENV PORT=8080
EXPOSE 8080
# Not by npm: as process 1 it would swallow SIGTERM, and the service could not end what it has begun.
CMD ["node", "dist/api-server.mjs"]


FROM runtime AS websocket-server
COPY --from=websocket-server-dependencies /app/node_modules node_modules
COPY --from=websocket-server-dependencies /app/packages packages
COPY --from=websocket-server-dependencies /app/websocket-server websocket-server
COPY --from=build /built/packages packages
COPY --from=build /built/websocket-server websocket-server
COPY --from=build /built-websocket-server dist
COPY --from=build /built/web-client web-client
COPY --from=build /built-client packages/client-sdk/dist
ENV PORT=3000
EXPOSE 3000
CMD ["node", "dist/websocket-server.mjs"]


FROM runtime AS standalone
COPY --from=standalone-dependencies /app/node_modules node_modules
COPY --from=build /app/standalone/dist/package ./
COPY --from=standalone-dependencies --chown=node:node /data /data
ENV API_PORT=8080
ENV RELAY_PORT=3000
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8080 3000
# Words behind the image's name are a command or an option: `docker run --rm IMAGE --help`.
ENTRYPOINT ["node", "postline-server.js"]
