/** A request from a `curl` command in a document. */
export interface Curl {
  readonly request: string;
  /** Keys are lower-case names, as a gateway passes them on. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Parses the only `curl` command of a document. */
export const parseCurl = (document: string): Curl => {
  const [command = ''] = /^curl [\s\S]*?^}'/m.exec(document) ?? [];
  const [, method = '', url = ''] = /-X (\S+) (\S+)/.exec(command) ?? [];
  const headers = [...command.matchAll(/-H "([^:"]+): ([^"]*)"/g)];
  return {
    request: `${method} ${new URL(url).pathname}`,
    headers: Object.fromEntries(headers.map(([, name = '', value = '']) => [name.toLowerCase(), value])),
    text: /-d '([\s\S]*)'$/.exec(command)?.[1] ?? '',
  };
};

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: string;
  readonly description: string;
}

/** Parses the table of fields under a heading. */
export const fieldsUnder = (document: string, heading: string): readonly Field[] => {
  const [, after = ''] = document.split(`\n${heading}\n`);
  const [table = ''] = /^\| Field[\s\S]*?(?=^[^|\n]*$)/m.exec(after) ?? [];
  return table
    .split('\n')
    .slice(2)
    .filter((line) => line.includes('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([name = '', type = '', required = '', description = '']) => ({ name, type, required, description }));
};
