import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/**
 * Builds the page that shows the API's document and can send requests. It contains everything except the document, which is served beside
 * it.
 */
export const buildDocsPage = async (): Promise<string> => {
  const [library, style] = await Promise.all([
    readSwaggerAsset('swagger-ui-bundle.js').then(escapeScript),
    readSwaggerAsset('swagger-ui.css').then(removeSourceMapComment),
  ]);
  const policy = [
    "default-src 'none'",
    `script-src ${hashForCsp(library)} ${hashForCsp(swaggerStartScript)}`,
    `style-src ${hashForCsp(style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>Mooring: API</title>
<style>${style}</style>
<div id="page"></div>
<script>${library}</script>
<script>${swaggerStartScript}</script>
</html>
`;
};

/** Without the validator, which would send the document's address to a third-party server. */
const swaggerStartScript =
  "SwaggerUIBundle({url:'openapi.json',dom_id:'#page',deepLinking:true,validatorUrl:null,defaultModelsExpandDepth:0})";

const readSwaggerAsset = (name: string): Promise<string> =>
  readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`), 'utf8');

/** Prevents the text from ending the script element; in JavaScript, the escaped forms mean the same. */
const escapeScript = (text: string): string =>
  removeSourceMapComment(text).replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');

const removeSourceMapComment = (text: string): string =>
  text.replace(/^(\/\/|\/\*)# sourceMappingURL=.*$/m, '').trim();

const hashForCsp = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
