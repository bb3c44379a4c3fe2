import { describe, expect, test } from '@jest/globals';
import { findApiByPath, findApiName, apis } from '../../functions/apis.ts';
import { routes } from '../../functions/routes.ts';
import { loadRoutes } from '../../infra/build/load-routes.ts';
import * as v from 'valibot';
import { apiNames, DeploymentSettings } from '../../shared/settings.ts';

const settings = v.parse(DeploymentSettings, { apis: [...apiNames] });

describe('wire formats', () => {
  test.each(Object.entries(apis))(
    '%s owns the paths below its prefix, and its endpoints name it',
    async (name, api) => {
      const own = (await loadRoutes()).filter(({ file }) => findApiName(file) === name);
      expect(own.length).toBeGreaterThan(0);
      for (const { path, endpoint } of own) {
        expect(findApiByPath(path, settings)).toBe(api);
        expect(endpoint.api).toBe(api);
      }
    },
  );

  test('no route of our own API belongs to another wire format', async () => {
    for (const { path, file, endpoint } of await loadRoutes()) {
      if (findApiName(file) !== undefined) continue;
      expect({ [path]: [findApiByPath(path, settings), endpoint.api] }).toEqual({
        [path]: [undefined, undefined],
      });
    }
  });

  test('a wire format that is off has no route and owns no path', async () => {
    const own = (await loadRoutes([])).map(({ key }) => key);
    expect(own).toEqual(
      Object.entries(routes)
        .filter(([, file]) => findApiName(file) === undefined)
        .map(([key]) => key),
    );
    for (const api of Object.values(apis))
      expect(findApiByPath(api.prefix, { ...settings, apis: [] })).toBeUndefined();
  });
});
