import { findApiName, apis, isExposed } from '../../functions/apis.ts';
import { routes } from '../../functions/routes.ts';
import type { WireFormat } from '../../shared/http/wire-format.ts';
import type { Endpoint } from '../../shared/http/endpoint.ts';
import { type ApiName, apiNames } from '../../shared/settings.ts';

export interface Route {
  /** As API Gateway names it: `POST /v1/connections`. */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** The file of `functions/`, which is one Lambda function: `connections/create`. */
  readonly file: string;
  /** Unique among all endpoints: the file, followed by the name of the endpoint if the file has several. */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** The wire format of the route; `undefined` for Mooring's own API. */
  readonly api: WireFormat | undefined;
}

/**
 * Loads the route table of the enabled APIs with all endpoints. The stacks, the OpenAPI document and the local server are built from it.
 */
export const loadRoutes = async (spoken: readonly ApiName[] = apiNames): Promise<readonly Route[]> => {
  const loaded: Route[] = [];
  for (const [key, target] of Object.entries(routes)) {
    const [method = '', path = ''] = key.split(' ');
    const [file = '', part = 'endpoint'] = target.split('#');
    if (!isExposed(file, spoken)) continue;
    const name = findApiName(file);
    // One at a time: Jest cannot link modules that are imported concurrently.
    const found = ((await import(`../../functions/${file}.ts`)) as Readonly<Record<string, Endpoint>>)[part]; // a test checks that it exists
    if (!found) throw new Error(`functions/${file}.ts: expected it to export ${part}`);
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

/** The functions behind the API: each file once, with its routes. */
export const groupRoutesByFile = (loaded: readonly Route[]): ReadonlyMap<string, readonly Route[]> =>
  Map.groupBy(loaded, ({ file }) => file);
