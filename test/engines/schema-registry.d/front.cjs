const fs = require("fs"), http = require("http")
const [cert, port, to, api, who] = process.argv.slice(2)
const right = "Basic " + Buffer.from(who).toString("base64")
require("https").createServer({ cert: fs.readFileSync(cert + ".crt"), key: fs.readFileSync(cert + ".key") }, (q, r) => {
  if (q.headers.authorization !== right) return r.writeHead(401, { "www-authenticate": "Basic realm=\"registry\"", "content-type": "application/json" }).end(JSON.stringify({ error_code: 401, message: "Unauthorized" }))
  const { authorization, ...headers } = q.headers
  q.pipe(http.request({ host: "127.0.0.1", port: to, path: api + q.url, method: q.method, headers }, (a) => { r.writeHead(a.statusCode, a.headers); a.pipe(r) }))
}).listen(port, "127.0.0.1")
