"""fakesnow as Snowflake would answer the Node driver: front.py PORT CERTS ROBOT_PUBLIC_KEY SEED."""
import asyncio, base64, gzip, hashlib, importlib, json, re, sys, time

import jwt, pyarrow as pa, uvicorn
from cryptography.hazmat.primitives import serialization
from fakesnow import info_schema
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

server = importlib.import_module("fakesnow.server")  # the package hides it behind a function of that name
port, certs, public_key, seed = sys.argv[1:]
public_pem = open(public_key, "rb").read()
der = serialization.load_pem_public_key(public_pem).public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
FINGERPRINT = "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()
DATABASES = {"MOORING", "MANY", "ODD", "SLOW"}
ACCOUNT, ROBOT, PASSWORDS = "MOORING", "MOORING.ROBOT", {"READER": "Snow-reader-1", "WRITER": "Snow-writer-1", "NOBODY": "Snow-nobody-1"}
TOKENS = {"READER": "Snow-token-1"}  # programmatic access tokens
WHO = {}  # of a session's token: its user and role, and the warehouse that it may use

# Snowflake lists views among the tables; fakesnow does not
info_schema.SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW.template += """
union all by name select database_name AS "TABLE_CATALOG", schema_name AS "TABLE_SCHEMA", view_name AS "TABLE_NAME",
'SYSADMIN' AS "TABLE_OWNER", 'VIEW' AS "TABLE_TYPE", NULL::VARCHAR AS "COMMENT"
from duckdb_views where database_name = '${catalog}' and schema_name != '_fs_information_schema' and not internal"""

# of each role: privilege, kind and name, as SHOW GRANTS has them
GRANTS = {
    "PUBLIC": [("USAGE", "DATABASE", "MOORING"), ("USAGE", "SCHEMA", "MOORING.SALES"), ("USAGE", "WAREHOUSE", "TEST_WH"),
               ("SELECT", "TABLE", "MOORING.SALES.CUSTOMERS"), ("SELECT", "TABLE", "MOORING.SALES.ORDERS"),
               ("SELECT", "VIEW", "MOORING.SALES.OPEN_ORDERS")],
    "LOADER": [("USAGE", "ROLE", "PUBLIC"), ("CREATE TABLE", "SCHEMA", "MOORING.SALES"), ("INSERT", "TABLE", "MOORING.SALES.ORDERS"),
               ("OWNERSHIP", "TABLE", 'MOORING.SALES."Mine"')],
    "BLIND": [("USAGE", "DATABASE", "MOORING")],
    "HALF": [("USAGE", "ROLE", "BLIND"), ("USAGE", "WAREHOUSE", "TEST_WH"), ("SELECT", "TABLE", "MOORING.SALES.ORDERS"),
             ("REFERENCES", "TABLE", "MOORING.SALES.CUSTOMERS")],
    "ACCOUNTADMIN": [],
}
ROLES = {"READER": ["PUBLIC", "HALF", "ACCOUNTADMIN"], "WRITER": ["LOADER"], "NOBODY": ["BLIND"], "ROBOT": ["PUBLIC"]}

# SHOW … KEYS IN DATABASE | SCHEMA: fakesnow refuses the first and takes primary keys for foreign ones
KEYS = """select unnest(constraint_column_names) as column_name, unnest(range(1, len(constraint_column_names) + 1))
as key_sequence, database_name, schema_name, table_name, constraint_name, 'false' as rely, null as comment
from duckdb_constraints() where constraint_type = '{kind}' and database_name = '{database}'"""
IMPORTED = """select database_name as pk_database_name, schema_name as pk_schema_name, referenced_table as pk_table_name,
unnest(referenced_column_names) as pk_column_name, database_name as fk_database_name, schema_name as fk_schema_name,
table_name as fk_table_name, unnest(constraint_column_names) as fk_column_name,
unnest(range(1, len(constraint_column_names) + 1)) as key_sequence, 'NO ACTION' as update_rule,
'NO ACTION' as delete_rule, constraint_name as fk_name, 'NOT DEFERRABLE' as deferrability, 'false' as rely, null as comment
from duckdb_constraints() where constraint_type = 'FOREIGN KEY' and database_name = '{database}'"""


async def body_of(request):
    body = await request.body()
    return json.loads(gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body)


def with_body(request, body):
    scope = {**request.scope, "headers": [h for h in request.scope["headers"] if h[0] != b"content-encoding"]}
    fresh = Request(scope)
    fresh._body = json.dumps(body).encode()
    return fresh


def refuse(code, message, data):  # Snowflake refuses with status 200 and success false
    return JSONResponse({"data": data, "code": code, "message": message, "success": False, "headers": None})


def refuse_login(code, message):
    return refuse(code, message, {"nextAction": "RETRY_LOGIN", "pwdChangeInfo": None, "inFlightCtx": None})


def refusal(data, query):
    user = (data.get("LOGIN_NAME") or "").upper()
    if data.get("ACCOUNT_NAME", "").upper() != ACCOUNT:  # no such host name in real life: the edge answers
        return Response("Not Found", 404, media_type="text/html")
    if data.get("AUTHENTICATOR") == "SNOWFLAKE_JWT":
        try:
            # the Node driver writes iat and exp in milliseconds, and Snowflake accepts it
            claims = jwt.decode(data["TOKEN"], public_pem, ["RS256"], {"verify_iat": False, "verify_exp": False})
            expiry = claims["exp"] / (1000 if claims["exp"] > 1e11 else 1)
            valid = (claims["sub"], claims["iss"]) == (ROBOT, f"{ROBOT}.{FINGERPRINT}") and expiry > time.time()
        except jwt.PyJWTError:
            valid = False
        if not valid:
            return refuse_login("390144", "JWT token is invalid. [00000000-0000-4000-8000-000000000000]")
    elif data.get("AUTHENTICATOR") == "PROGRAMMATIC_ACCESS_TOKEN":
        if TOKENS.get(user) != data.get("TOKEN"):
            return refuse_login("390394", "Programmatic access token is invalid.")
    elif user == "LOCKED":
        return refuse_login("390102", "Your user account has been temporarily locked due to too many failed attempts. Try again after 15 minutes.")
    elif PASSWORDS.get(user) != data.get("PASSWORD"):
        return refuse_login("390100", "Incorrect username or password was specified.")
    user = "ROBOT" if data.get("AUTHENTICATOR") == "SNOWFLAKE_JWT" else user
    if (role := query.get("roleName", ROLES[user][0])).upper() not in ROLES[user]:
        return refuse_login("390189", f"Role '{role}' specified in the connect string does not exist or not authorized. Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.")


async def login(request):
    query, body = dict(request.query_params), await body_of(request)
    if answer := refusal(body["data"], query):
        return answer
    request = with_body(request, body)
    if query.get("databaseName", "").upper() not in DATABASES:  # unknown or forbidden: a session without a database
        query.pop("databaseName", None), query.pop("schemaName", None)
    request._query_params = query
    user = (body["data"].get("LOGIN_NAME") or "").upper()
    answer = await server.login_request(request)
    WHO[json.loads(answer.body)["data"]["token"]] = {
        "lock": asyncio.Lock(),
        "user": user, "role": query.get("roleName", ROLES[user][0]).upper(),
        "warehouse": "TEST_WH" if query.get("warehouse", "TEST_WH").upper() == "TEST_WH" else None}
    return answer


def cell(value, kind):  # the text form of Snowflake's JSON result format
    if value is None:
        return None
    if kind == "boolean":
        return "1" if value else "0"
    if kind == "date":
        return str((value - type(value)(1970, 1, 1)).days)
    if kind == "time":
        return f"{value / 1e9:.9f}"
    if kind.startswith("timestamp"):
        zone = f" {value['timezone']}" if kind == "timestamp_tz" else ""
        return f"{value['epoch']}.{value['fraction']:09d}{zone}"
    return value.hex().upper() if isinstance(value, bytes) else str(value)


def rows(rowtype, rowset):
    return {"rowtype": rowtype, "rowset": rowset, "queryResultFormat": "json", "total": len(rowset), "returned": len(rowset),
            "queryId": "01b00000-0000-0000-0000-000000000001", "statementTypeId": 4096, "parameters": []}


def show_keys(kind, database):
    sql = IMPORTED if kind == "IMPORTED" else KEYS
    cursor = server.shared_fs.duck_conn.cursor().execute(sql.format(kind=f"{kind} KEY" if kind == "PRIMARY" else kind, database=database))
    rowtype = [{"name": c[0], "type": "fixed" if c[0] == "key_sequence" else "text", "scale": 0, "nullable": True} for c in cursor.description]
    return rows(rowtype, [[cell(v, "text") for v in row] for row in cursor.fetchall()])


def show_grants(role):
    names = ["created_on", "privilege", "granted_on", "name", "granted_to", "grantee_name", "grant_option", "granted_by"]
    rowtype = [{"name": name, "type": "text", "nullable": True} for name in names]
    return rows(rowtype, [["1700000000.000000000", *grant, "ROLE", role, "false", "ACCOUNTADMIN"] for grant in GRANTS.get(role, [])])


async def query(request):
    body = await body_of(request)
    sql = body.get("sqlText", "")
    if hidden := re.search(r"\bVAULT\b", sql, re.I):
        return refuse("002003", "SQL compilation error:\nDatabase 'VAULT' does not exist or not authorized.",
                      {"errorCode": "002003", "sqlState": "02000", "internalError": False, "line": 1, "pos": hidden.start()})
    if keys := re.match(r"\s*SHOW\s+(PRIMARY|UNIQUE|IMPORTED)\s+KEYS\s+IN\s+(?:DATABASE|SCHEMA)\s+\"?(\w+)", sql, re.I):
        return JSONResponse({"data": show_keys(keys[1].upper(), keys[2].upper()), "success": True})
    token = server.to_token(request)
    connection, who = server.sessions.get(token), WHO.get(token, {})
    if granted := re.match(r"\s*SHOW\s+GRANTS\s+TO\s+ROLE\s+\"(.*)\"", sql, re.I):
        return JSONResponse({"data": show_grants(granted[1]), "success": True})
    if "information_schema" in sql.lower() and not who["warehouse"]:
        return refuse("000606", "No active warehouse selected in the current session. Select an active warehouse with the 'use warehouse' command.",
                      {"errorCode": "000606", "sqlState": "57P03"})
    if "information_schema" in sql.lower() and connection.database == "SLOW":
        await asyncio.sleep(20)
    word = lambda value: f"'{value}'" if value else "NULL"
    for name, value in (("USER", who["user"]), ("ROLE", who["role"]), ("WAREHOUSE", who["warehouse"])):
        sql = re.sub(rf"\bCURRENT_{name}\(\)", word(value), sql, flags=re.I)
    sql = re.sub(r"\bCURRENT_SECONDARY_ROLES\(\)", """'{"roles":"","value":""}'""", sql, flags=re.I)
    if who["role"] == "BLIND":  # of what it may not see it is told nothing, not even that it is there
        sql = re.sub(r'"MOORING"', '"BARE"', sql)
    body["sqlText"] = sql
    if connection and not connection.database:
        body["sqlText"] = re.sub(r"\bCURRENT_(DATABASE|SCHEMA)\(\)", "NULL", body["sqlText"], flags=re.I)
    async with who["lock"]:  # Snowflake runs a session's statements side by side; fakesnow mixes their results up
        answer = await server.query_request(with_body(request, body))
    body = json.loads(answer.body)
    data = body.get("data") or {}
    if data.get("queryResultFormat") == "arrow":
        kinds = [column["type"] for column in data["rowtype"]]
        packed = base64.b64decode(data.pop("rowsetBase64"))
        table = pa.ipc.open_stream(packed).read_all() if packed else None
        columns = [[cell(v, k) for v in c.to_pylist()] for c, k in zip(table.columns, kinds)] if table else []
        data |= {"queryResultFormat": "json", "rowset": list(zip(*columns)), "returned": data["total"]}
    return JSONResponse(body, answer.status_code)


with server.shared_fs.connect() as connection:
    for statement in filter(str.strip, open(seed).read().split(";\n")):
        connection.cursor().execute(statement)

    connection.cursor().execute("CREATE SCHEMA MANY.WIDE")
    for number in range(1000):
        connection.cursor().execute(f"CREATE TABLE MANY.WIDE.T{number:04} (ID NUMBER(38,0) NOT NULL, NAME VARCHAR(80), SEEN TIMESTAMP_NTZ)")

app = Starlette(routes=[
    Route("/session/v1/login-request", login, methods=["POST"]),
    Route("/queries/v1/query-request", query, methods=["POST"]),
    Route("/telemetry/send", lambda _: JSONResponse({"success": True, "data": "Log Received"}), methods=["POST"]),
    *server.routes,
])
uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning",
            ssl_certfile=f"{certs}/server.crt", ssl_keyfile=f"{certs}/server.key")
