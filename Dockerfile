# Builds with everything, runs with what production needs: docker build --tag tenant-provisioner .

FROM node:24-bookworm-slim AS build
WORKDIR /app
# npm ci generates the Prisma client: it needs the schema and the script.
COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY prisma ./prisma
COPY clients/typescript/package.json ./clients/typescript/
RUN npm ci
COPY tsconfig.json nest-cli.json ./
COPY apps ./apps
COPY libs ./libs
COPY clients ./clients
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY clients/typescript/package.json ./clients/typescript/
# No scripts: the client is generated in the stage above. No optional packages: they are the quickstart's PostgreSQL. No workspaces: the typed client is for others.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspaces=false

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
# The sandbox keeps its state here if DATA_DIR says so; a volume mounted here takes over the owner.
RUN mkdir /data && chown node:node /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY prisma ./prisma
COPY deploy ./deploy
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s CMD ["node", "deploy/healthcheck.js"]
ENTRYPOINT ["sh", "/app/deploy/entrypoint.sh"]
