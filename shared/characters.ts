import * as v from 'valibot';

/** Limits a text in Unicode code points, as JSON Schema counts; `v.maxLength` counts UTF-16 units, of which an emoji has two. */
export const limitCharacters = (limit: number): v.MaxLengthAction<string, number, undefined> => {
  const action = v.maxLength<string, number>(limit);
  return {
    ...action,
    '~run': (dataset, config) =>
      dataset.typed && Array.from(dataset.value).length <= limit ? dataset : action['~run'](dataset, config),
  };
};

/** Cuts a text to at most `limit` UTF-16 units, the last of which is an ellipsis. Does not split surrogate pairs. */
export const cutText = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** The limit, in characters, of a remediation that lists names from a source. */
export const MAX_REMEDIATION_CHARACTERS = 20_000;
