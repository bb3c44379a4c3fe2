import { Problem } from '../../problem.ts';

/**
 * Checks the packets of a result set by their first bytes: a column count, the column definitions, an end, the rows, an end. It refuses too
 * many columns and more than one result: the driver generates a function for as many columns as the server claims, and reads results for as
 * long as the server announces more.
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
    /** To be called when a statement is sent. */
    begin: () => {
      part = 'head';
    },
    /** The number of first bytes that `see` needs of a packet of that length; 0 for a packet that needs no check. */
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
/** An end packet starts with the same byte as some rows, and is shorter than each of them. */
const longestEnd = 8;
/** SERVER_MORE_RESULTS_EXISTS, in the low byte of the status of an end packet. */
const moreResults = 8;

const foreign = () => new Problem('protocol-mismatch', 'Expected the columns and rows of one statement');
