import * as v from 'valibot';

/** As JSON Schema and people count: what `v.maxLength` takes for two, half an emoji each, is one. */
export const maxCharacters = (most: number): v.MaxLengthAction<string, number, undefined> => {
  const action = v.maxLength<string, number>(most);
  return {
    ...action,
    '~run': (dataset, config) =>
      dataset.typed && Array.from(dataset.value).length <= most ? dataset : action['~run'](dataset, config),
  };
};
