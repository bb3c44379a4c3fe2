import { Problem } from '../../problem.ts';

/**
 * Follows the packets of an answer by how each begins: a count of columns, their definitions, an end, rows, an end. The driver makes a function
 * for as many columns as are claimed, and begins anew for as long as an end says that more results follow.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */
export const followAnswer = () => {
  let part: 'none' | 'head' | 'columns' | 'end of columns' | 'rows' = 'none';
  let columns = 0;

  const seeHead = ([first = 0, low = 0, high = 0]: Iterable<number>) => {
    part = 'none';
    if (first === ok || first === error) return;
    columns = first === twoBytes ? low + high * 256 : first;
    if (first > twoBytes || first === localFile || columns > mostColumns) throw foreign();
    part = 'columns';
  };
  const seeEnd = ([first, , , status = 0]: Iterable<number>) => {
    if (first === end && (status & moreResults) !== 0) throw foreign();
    if (first === end || first === error) part = 'none';
  };
  return {
    /** A statement was sent. */
    begin: () => {
      part = 'head';
    },
    /** How many of its first bytes tell what a packet of that length is. */
    wanted: (length: number): number =>
      part === 'none' || (part === 'rows' && length > longestEnd) ? 0 : Math.min(length, 5),
    see: (head: Buffer) => {
      if (part === 'head') seeHead(head);
      else if (part === 'columns') {
        columns -= 1;
        if (columns === 0) part = 'end of columns';
      } else if (part === 'end of columns') part = 'rows';
      else seeEnd(head);
    },
  };
};

const [ok, localFile, twoBytes, end, error] = [0x00, 0xfb, 0xfc, 0xfe, 0xff];
/** https://dev.mysql.com/doc/refman/8.4/en/column-count-limit.html */
const mostColumns = 4096;
/** An end is shorter than any row that begins as it does. */
const longestEnd = 8;
/** SERVER_MORE_RESULTS_EXISTS, in the lower byte of an end's status. */
const moreResults = 8;

const foreign = () => new Problem('protocol-mismatch', 'Expected the columns and rows of one statement');
