/** Small parts of all views. */
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../lib/api.ts';
import { hrefOf, type Known, type Query } from '../lib/route.ts';
import type { Loaded } from '../lib/use.ts';

export function Link({ to, query, children, current, ...rest }: { to: Known; query?: Query; children: ComponentChildren; current?: boolean; class?: string }) {
  return <a href={hrefOf(to, query)} {...(current === true ? { 'aria-current': 'page' as const } : {})} {...rest}>{children}</a>;
}

export function Section({ title, end, children, id }: { title: string; end?: ComponentChildren; children: ComponentChildren; id?: string }) {
  const name = id ?? title.toLowerCase().replace(/[^a-z]+/g, '-');
  return (
    <section class="section" aria-labelledby={name}>
      <header><h2 id={name}>{title}</h2>{end === undefined ? null : <div class="end">{end}</div>}</header>
      {children}
    </section>
  );
}

export function Head({ crumbs, title, children, actions }: { crumbs?: readonly { to: Known; text: string }[]; title: string; children?: ComponentChildren; actions?: ComponentChildren }) {
  return (
    <div class="head">
      <div class="title">
        {crumbs === undefined ? null : <nav aria-label="Where this is"><ol class="crumbs">{crumbs.map(({ to, text }) => <li key={text}><Link to={to}>{text}</Link></li>)}</ol></nav>}
        <h1 tabIndex={-1}>{title}</h1>
        {children}
      </div>
      {actions === undefined ? null : <div class="actions">{actions}</div>}
    </div>
  );
}

export type Standing = 'good' | 'busy' | 'bad' | 'quiet';

export function State({ is, wrap, children }: { is: Standing; wrap?: boolean; children: ComponentChildren }) {
  return <span class={`state ${is}${wrap === true ? ' wrap' : ''}`}>{children}</span>;
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><strong>{title}</strong>{children}</div>;
}

export function ProblemBox({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <span>{error.message}</span>
      {retry === undefined ? null : <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

/** What was loaded; or that it is loading, or why it could not be. What was there stays in sight when loading it again failed. */
export function Show<T>({ of, children, what }: { of: Loaded<T>; children: (data: T) => ComponentChildren; what: string }) {
  const { data, error, reload } = of;
  return (
    <>
      {error === null ? null : <ProblemBox error={error} retry={reload} />}
      {data !== null ? children(data) : error === null ? <p class="muted" role="status">Loading {what} …</p> : null}
    </>
  );
}

export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren, boolean?])[] }) {
  return <dl class="facts">{of.map(([name, value, big]) => <div key={name}><dt>{name}</dt><dd class={big ? 'big' : undefined}>{value}</dd></div>)}</dl>;
}

/** A table whose rows become cards on a narrow screen. */
export function Table({ caption, head, rows, empty }: {
  caption: string;
  head: readonly (string | { readonly text: string; readonly number: true })[];
  rows: readonly { readonly key: string | number; readonly cells: readonly ComponentChildren[] }[];
  empty?: ComponentChildren;
}) {
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const heads = head.map((each) => (typeof each === 'string' ? { text: each, number: false } : each));
  return (
    <table class="cards">
      <caption class="visually-hidden">{caption}</caption>
      <thead><tr>{heads.map(({ text, number }) => <th key={text} scope="col" class={number ? 'number' : undefined}>{text}</th>)}</tr></thead>
      <tbody>
        {rows.map(({ key, cells }) => (
          <tr key={key}>{cells.map((cell, i) => <td key={i} data-label={heads[i]?.text} class={heads[i]?.number ? 'number' : undefined}><div>{cell}</div></td>)}</tr>
        ))}
      </tbody>
    </table>
  );
}
