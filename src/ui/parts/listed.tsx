/** A list as a table: or that it is loading, why it could not be loaded, or that it is empty. */
import type { ComponentProps } from 'preact';
import type { Loaded } from '../lib/use.ts';
import { Show, Table } from './basics.tsx';

type TableProps = ComponentProps<typeof Table>;

/** `what`: the things, in words; `row`: one of them. */
export function Listed<T>({ of, what, row, ...table }: Omit<TableProps, 'rows'> & { of: Loaded<readonly T[]>; what: string; row: (each: T) => TableProps['rows'][number] }) {
  return <Show of={of} what={what}>{(list) => <div class="panel"><Table {...table} rows={list.map((each) => row(each))} /></div>}</Show>;
}
