"""bqemulator behind Google's edge: front.py PORT GRPC_PORT CERTS KEYS PROJECT SEED."""
import asyncio, json, re, secrets, sys, urllib.parse

import bqemulator.server, httpx, jwt, uvicorn
from bqemulator.config import Settings

port, grpc_port, certs, keys, project, seed = sys.argv[1:]
SCAN = 10 * 1024 * 1024  # what any query on a table would read here; also the least that BigQuery bills
DOMAIN = f"@{project}.iam.gserviceaccount.com"
ACCOUNTS = {name + DOMAIN: open(f"{keys}/{name}.pub").read() for name in ("reader", "stranger", "blind")}
SEED = "Bearer seed-" + secrets.token_hex(8)
seeded = asyncio.Event()


def google(status, code, reason, message):
    return status, {"error": {"code": status, "message": message, "status": code,
                              "errors": [{"message": message, "domain": "global", "reason": reason}]}}


def token(form):
    assertion = form.get("assertion", [""])[0]
    try:
        issuer = jwt.decode(assertion, options={"verify_signature": False})["iss"]
        if issuer not in ACCOUNTS:
            return 400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}
        jwt.decode(assertion, ACCOUNTS[issuer], ["RS256"], {"verify_aud": False})
    except jwt.InvalidSignatureError:
        return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    except jwt.PyJWTError as error:
        return 400, {"error": "invalid_grant", "error_description": f"Invalid JWT: {error}"}
    return 200, {"access_token": f"ya29.{issuer}", "expires_in": 3599, "token_type": "Bearer"}


def refusal(path, bearer, body):
    caller = bearer.removeprefix("Bearer ya29.")
    if caller not in ACCOUNTS:
        return google(401, "UNAUTHENTICATED", "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
    asked = re.search(r"/projects/([^/]+)", path)
    if asked and asked[1] != project:
        return google(404, "NOT_FOUND", "notFound", f"Not found: Project {asked[1]}")
    query = body.get("configuration", {}).get("query", body)
    sql = query.get("query", "")
    if caller == "stranger" + DOMAIN:
        return google(403, "PERMISSION_DENIED", "accessDenied", f"Access Denied: Project {project}: User does not have bigquery.jobs.create permission in project {project}.")
    if caller == "blind" + DOMAIN:  # may run jobs and sees nothing
        if path.endswith("/datasets"):
            return 200, {"kind": "bigquery#datasetList", "totalItems": 0}
        if "/datasets/" in path or costs(sql):
            return google(403, "PERMISSION_DENIED", "accessDenied", f"Access Denied: Project {project}: Permission bigquery.tables.list denied.")
    if "/datasets/vault" in path or re.search(r"\bvault\b", sql, re.I):
        return google(403, "PERMISSION_DENIED", "accessDenied", f"Access Denied: Dataset {project}:vault: Permission bigquery.datasets.get denied on dataset {project}:vault (or it may not exist).")
    limit = query.get("maximumBytesBilled")
    if asked_for := fixed(sql):
        return asked_for
    if limit and int(limit) < SCAN and costs(sql):
        return google(400, "INVALID_ARGUMENT", "bytesBilledLimitExceeded", f"Query exceeded limit for bytes billed: {limit}. {SCAN} or higher required.")


def text_of(value):
    return value if value is None else str(value)


def answer(names, *rows):
    return 200, {"kind": "bigquery#queryResponse", "jobComplete": True, "totalRows": str(len(rows)),
                 "schema": {"fields": [{"name": name, "type": "STRING", "mode": "NULLABLE"} for name in names.split()]},
                 "rows": [{"f": [{"v": text_of(value)} for value in row]} for row in rows]}


# What the emulator does not have. The rows are written down, not derived.
def fixed(sql):
    sales = "`sales`" in sql
    if "COLUMN_FIELD_PATHS" in sql:
        return answer("table_schema table_name column_name description", *[("sales", "customers", "id", "key")] * sales)
    if "KEY_COLUMN_USAGE" in sql:
        return answer("table_schema table_name constraint_name constraint_type column_name ordinal_position position_in_unique_constraint their_schema their_table", *[
            ("sales", "customers", "customers.pk$", "PRIMARY KEY", "id", 1, None, "sales", "customers"),
            ("sales", "orders", "orders.pk$", "PRIMARY KEY", "id", 1, None, "sales", "orders"),
            ("sales", "orders", "orders.fk$1", "FOREIGN KEY", "customer_id", 1, 1, "sales", "customers")] * sales)
    if "__TABLES__" in sql:
        return answer("table_schema table_name row_count size_bytes", *[("sales", "customers", 1, 120)] * sales)


def costs(sql):
    return re.search(r"\bfrom\b", sql, re.I)


def edge(app):
    async def front(scope, receive, send):
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if headers.get("authorization") == SEED:
            return await app(scope, receive, send)
        await seeded.wait()
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break

        async def reply(status, value):
            raw = json.dumps(value).encode()
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json; charset=UTF-8"), (b"content-length", str(len(raw)).encode())]})
            await send({"type": "http.response.body", "body": raw})

        if scope["path"] == "/token":
            return await reply(*token(urllib.parse.parse_qs(body.decode())))
        request = json.loads(body) if body and "json" in headers.get("content-type", "") else {}
        if refused := refusal(scope["path"], headers.get("authorization", ""), request):
            return await reply(*refused)
        answer = {"status": 500, "body": b""}

        async def collect(message):
            answer["status"] = message.get("status", answer["status"])
            answer["body"] += message.get("body", b"")

        replayed = iter([{"type": "http.request", "body": body}])
        await app(scope, lambda: next_of(replayed), collect)
        value = json.loads(answer["body"] or b"{}")
        dry = request.get("dryRun") or request.get("configuration", {}).get("dryRun")
        sql = request.get("configuration", {}).get("query", request).get("query", "")
        if dry and answer["status"] == 200:  # the emulator estimates 0
            for part in (value, value.get("statistics"), (value.get("statistics") or {}).get("query")):
                if part is not None and "totalBytesProcessed" in part:
                    part["totalBytesProcessed"] = str(SCAN if costs(sql) else 0)
        if scope["path"].endswith("/queries") and value.get("errors"):  # the emulator answers 200 and no rows
            first = value["errors"][0]
            status = {"notFound": 404, "accessDenied": 403}.get(first["reason"], 400)
            return await reply(*google(status, "NOT_FOUND" if status == 404 else "INVALID_ARGUMENT", first["reason"], first["message"]))
        await reply(answer["status"], value)
    return front


async def next_of(messages):
    return next(messages, {"type": "http.disconnect"})


# GEOGRAPHY only; it would be downloaded at every first start, from a host that is no package registry
bqemulator.server.DuckDBEngine._load_spatial = lambda self: None
plain = uvicorn.Config
uvicorn.Config = lambda app, **options: plain(edge(app), ssl_certfile=f"{certs}/server.crt", ssl_keyfile=f"{certs}/server.key", **options)


async def main():
    server = bqemulator.server.EmulatorServer(Settings(
        rest_port=int(port), grpc_port=int(grpc_port), default_project_id=project, enable_format_extensions=False, log_level="warning", log_format="console"))
    await server.start()
    base = f"https://localhost:{port}/bigquery/v2/projects/{project}"
    async with httpx.AsyncClient(verify=f"{certs}/ca.crt", timeout=60) as client:
        for statement in filter(str.strip, open(seed).read().split(";\n")):
            answer = (await client.post(f"{base}/queries", headers={"authorization": SEED}, json={"query": statement, "useLegacySql": False})).json()
            if "error" in answer or answer.get("errors"):
                print(statement, answer, file=sys.stderr)
    seeded.set()
    await asyncio.Event().wait()


asyncio.run(main())
