export interface RouteMatch<T> {
  /** As API Gateway names it; `$default` if no route matches. */
  readonly routeKey: string;
  readonly params: Readonly<Record<string, string>>;
  readonly target: T;
}

/** Matches routes as an HTTP API does: by whole segments, and literal segments before parameters. */
export const createRouter = <T>(routes: ReadonlyMap<string, T>, fallback: T) => {
  const known = Map.groupBy(
    [...routes].map(([key, target]) => parseRoute(key, target)),
    ({ method, segments }) => `${method} ${segments.length}`,
  );
  for (const group of known.values()) group.sort((a, b) => a.params - b.params);

  return (method: string, path: string): RouteMatch<T> => {
    const segments = path.split('/');
    for (const { key, target, segments: wanted } of known.get(`${method} ${segments.length}`) ?? []) {
      const params = matchSegments(wanted, segments);
      if (params) return { routeKey: key, params, target };
    }
    return { routeKey: '$default', params: {}, target: fallback };
  };
};

const parseRoute = <T>(key: string, target: T) => {
  const [method = '', path = ''] = key.split(' ');
  const segments = path.split('/').map((text) => ({ text, param: /^\{(.+)\}$/.exec(text)?.[1] }));
  return { key, target, method, segments, params: segments.filter(({ param }) => param).length };
};

type RouteSegment = ReturnType<typeof parseRoute>['segments'][number];

const matchSegments = (wanted: readonly RouteSegment[], segments: readonly string[]) => {
  const params: Record<string, string> = {};
  for (const [at, { text, param }] of wanted.entries()) {
    const segment = segments[at] ?? '';
    if (param === undefined) {
      if (segment !== text) return undefined;
      continue;
    }
    const value = decodeSegment(segment);
    if (value === undefined || value === '') return undefined;
    params[param] = value;
  }
  return params;
};

/** A segment with a malformed escape matches no parameter. */
const decodeSegment = (segment: string) => {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
};
