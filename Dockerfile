# Targets: `service`, and `service-gpu` with TensorFlow and CUDA (Linux on x86-64). The service takes DATABASE_URL, or a volume on /data for the embedded
# PostgreSQL. Its root may be read-only: it writes to /data and /tmp alone. docs/kubernetes.md has the build, and how to renew NODE's digest.
ARG NODE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

FROM ${NODE} AS build
COPY . /source
RUN --mount=type=cache,target=/root/.npm /source/docker/install /source /app

FROM ${NODE} AS service
WORKDIR /app
COPY --from=build /app /app
# PostgreSQL asks the name of whom it runs as
RUN groupadd --gid 10001 trimtab && useradd --uid 10001 --gid 10001 --no-create-home --home-dir / trimtab && install -d -o 10001 -g 10001 -m 0750 /data
# by number, so that Kubernetes can see that it is not root
USER 10001:10001
# the Node of the lock file, that everything is tested with
ENV PATH=/app/node_modules/.bin:$PATH NODE_ENV=production TRIMTAB_DATA_DIR=/data TRIMTAB_HOST=0.0.0.0
# TRIMTAB_API_KEY has to be set: a service that is reachable from outside does not start without a key
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --start-period=60s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]

FROM service AS engine
USER root
RUN apt-get update && apt-get install -y --no-install-recommends g++ patch python3-pip
RUN TRIMTAB_HOST=127.0.0.1 TRIMTAB_ENGINE_DIR=/opt/trimtab-engine node src/cli/index.ts engine install --gpu

FROM service AS service-gpu
COPY --from=engine /opt/trimtab-engine /opt/trimtab-engine
ENV TRIMTAB_ENGINE_DIR=/opt/trimtab-engine NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

# the last target is what a plain `docker build` makes
FROM service
