# The image of a mock server: `docker build -t mockserver . && docker run --rm -p 7460:7460 mockserver`.
# Paths in RUN are relative, so that tests/test_docker_steps.py can run each step as it stands, without an engine.

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock ./
RUN pip install --no-cache-dir --constraint requirements.lock hatchling pyyaml
COPY pyproject.toml README.md LICENSE ./
COPY mockserver ./mockserver
COPY scenarios ./scenarios
COPY schemas ./schemas
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels .

FROM python:3.13-slim
WORKDIR /install
COPY requirements.lock ./
COPY --from=build /build/wheels ./wheels
RUN pip install --no-cache-dir --constraint requirements.lock wheels/*.whl
WORKDIR /
# A number, so that an orchestrator can tell that it is not root without looking into the image.
USER 10001:10001
# All addresses, whatever flags follow the image's name; `-e MOCKSERVER_HOST=::` adds those of IPv6.
ENV MOCKSERVER_HOST=0.0.0.0
EXPOSE 7460
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["mockserver", "health"]
ENTRYPOINT ["mockserver"]
