import type { Api } from '../shared/http/api.ts';
import { type ApiName, apiNames, type Settings } from '../shared/settings.ts';
import { management } from './management/wire.ts';
import { profiles } from './profiles/wire.ts';
import { providers } from './providers/wire.ts';
import { registrations } from './registrations/wire.ts';

/** The wire formats other than Mooring's own, each in the folder with its name. */
export const apis: { readonly [N in ApiName]?: Api } = {
  management,
  profiles,
  providers,
  registrations,
};

/** Finds the API that a file of this folder belongs to. Mooring's own API has several folders and no name. */
export const apiOf = (file: string): ApiName | undefined =>
  apiNames.find((name) => file.startsWith(`${name}/`));

/** Whether a deployment with these APIs enabled has the function of this file. */
export const isExposed = (file: string, spoken: readonly ApiName[]): boolean => {
  const name = apiOf(file);
  return name === undefined || spoken.includes(name);
};

/** Finds the enabled API that a path belongs to. `undefined` means Mooring's own. */
export const apiAt = (path: string, { apis: spoken }: Settings): Api | undefined =>
  spoken
    .map((name) => apis[name])
    .find((api) => api !== undefined && (path === api.prefix || path.startsWith(`${api.prefix}/`)));
