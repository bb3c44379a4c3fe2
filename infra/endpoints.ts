import { apiOf, apis, isExposed } from '../functions/apis.ts';
import { routes } from '../functions/routes.ts';
import type { Api } from '../shared/http/api.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { type ApiName, apiNames } from '../shared/settings.ts';

export interface Route {
  /** As the gateway names it: `POST /v1/connections`. */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** The file of `functions/`, which is one Lambda: `connections/create`. */
  readonly file: string;
  /** Unique among all endpoints: the file, and of a file that has several the endpoint's own name. */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Whose wire format it has; ours where there is none. */
  readonly api: Api | undefined;
}

/** The route table, of the APIs that are spoken, with every endpoint loaded: what the stacks, the document and the local server are made of. */
export const loadRoutes = async (spoken: readonly ApiName[] = apiNames): Promise<readonly Route[]> => {
  const loaded: Route[] = [];
  for (const [key, target] of Object.entries(routes)) {
    const [method = '', path = ''] = key.split(' ');
    const [file = '', part = 'endpoint'] = target.split('#');
    if (!isExposed(file, spoken)) continue;
    const name = apiOf(file);
    // One at a time: Jest cannot link modules that are imported concurrently.
    const found = ((await import(`../functions/${file}.ts`)) as Readonly<Record<string, Endpoint>>)[part]; // a test holds it
    if (!found) throw new Error(`functions/${file}.ts exports no ${part}`);
    loaded.push({
      key,
      method,
      path,
      file,
      name: target.replace('#', '/'),
      endpoint: found,
      api: name && apis[name],
    });
  }
  return loaded;
};

/** The functions behind the API: each file once, with the routes that lead to it. */
export const functionsOf = (all: readonly Route[]): ReadonlyMap<string, readonly Route[]> =>
  Map.groupBy(all, ({ file }) => file);
