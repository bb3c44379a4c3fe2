import type { Endpoint } from '../../shared/http/endpoint.ts';
import { resolveUses } from '../../shared/http/handler.ts';
import type { Uses } from '../../shared/ports/ports.ts';
import type { ApiName } from '../../shared/settings.ts';
import { groupRoutesByFile, loadRoutes, type Route } from '../build/load-routes.ts';

/** A Lambda function: its bundle, the ports that it uses, and its routes. */
export interface FunctionPlan {
  /** `connections/create`, `probe/test`, `publish`. */
  readonly name: string;
  /** The folder below `dist/`. The functions of the probe share one. */
  readonly bundle: string;
  /** The file in that folder, without its extension. */
  readonly entry: string;
  readonly source: string;
  readonly uses: Uses;
  /** Seconds. */
  readonly timeout: number;
  readonly routes: readonly Route[];
}

/** Plans every function of the deployment, in the order of the route table; functions without a route come last. */
export const planFunctions = async (spoken?: readonly ApiName[]): Promise<readonly FunctionPlan[]> => {
  const plans = [...groupRoutesByFile(await loadRoutes(spoken))].map(([file, routes]) =>
    planApiFunction(file, routes),
  );
  for (const [name, timeout] of Object.entries(routelessTimeouts))
    plans.push(await planRoutelessFunction(name, timeout));
  return plans;
};

/** Functions without routes, and their timeouts in seconds. */
const routelessTimeouts = {
  'not-found': 10,
  publish: 60,
  schedule: 60,
  inbound: 60,
  backfill: 300,
  deliver: 90,
  sweep: 300,
  undelivered: 60,
  'empty-vault': 300,
  'probe/test': 90,
  'probe/introspect': 900,
  'probe/credentials': 60,
} as const;

const planApiFunction = (file: string, routes: readonly Route[]): FunctionPlan => ({
  name: file,
  bundle: file,
  entry: 'index',
  source: `functions/${file}.ts`,
  uses: Object.assign({}, ...routes.map(resolveGrantedUses)) as Uses, // the union of the uses of all endpoints in the file
  timeout: Math.max(...routes.map(({ endpoint }) => endpoint.timeout ?? 10)),
  routes,
});

/** Authentication reads the table. An endpoint that is open to all uses only what it declares. */
const resolveGrantedUses = ({ endpoint }: Route): Uses =>
  endpoint.scope === null ? endpoint.uses : resolveUses(endpoint);

const planRoutelessFunction = async (name: string, timeout: number): Promise<FunctionPlan> => {
  // A test checks that each has one or the other.
  const found = (await import(`../../functions/${name}.ts`)) as {
    readonly uses?: Uses;
    readonly endpoint?: Endpoint;
  };
  const uses = found.uses ?? found.endpoint?.uses;
  if (!uses) throw new Error(`functions/${name}.ts: expected it to export uses`);
  const [folder = '', entry = 'index'] = name.split('/');
  return { name, bundle: folder, entry, source: `functions/${name}.ts`, uses, timeout, routes: [] };
};
