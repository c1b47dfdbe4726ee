/** The Python client's generated half: a class for each group of operations, a method for each. Rows and answers are plain dictionaries. */
import { operationsOf, type OpenApi, type Operation } from './operations.ts';

export function pythonOf(api: OpenApi): string {
  const operations = operationsOf(api);
  const groups = [...new Set(operations.map(({ group }) => group))];
  return [
    '"""Every operation of the service, by what it is about.', '',
    "Made by tests/clients/generated.test.ts from the service's own description; run it with -u to make it anew.", '"""', '',
    'from __future__ import annotations', '',
    'from typing import Any', '',
    'from .connection import Connection, quoted', '', '',
    ...groups.flatMap((group) => [
      `class ${className(group)}:`,
      '    def __init__(self, connection: Connection) -> None:', '        self._request = connection.request', '',
      ...operations.filter((each) => each.group === group).flatMap((each) => [...methodOf(each), '']),
      '',
    ]),
    'class Operations:',
    '    def __init__(self, connection: Connection) -> None:',
    ...groups.map((group) => `        self.${snake(group)} = ${className(group)}(connection)`), '',
  ].join('\n');
}

function methodOf({ name, summary, method, path, pathParameters, query, body, repeatable }: Operation): string[] {
  const parameters = ['self', ...pathParameters.map((each) => `${safe(snake(each.name))}: str`), ...(body === null ? [] : ['body: Any'])];
  const keywords = query.map((each) => `${safe(snake(each.name))}: Any${each.required ? '' : ' = None'}`);
  const address = path.replace(/\{(\w+)\}/g, (_, parameter: string) => `{quoted(${safe(snake(parameter))})}`);
  const extra = [
    ...(body === null ? [] : ['body=body']),
    ...(query.length === 0 ? [] : [`query={${query.map((each) => `"${each.name}": ${safe(snake(each.name))}`).join(', ')}}`]),
    ...(repeatable ? ['repeatable=True'] : []),
  ];
  return [
    `    def ${safe(snake(name))}(${[...parameters, ...(keywords.length === 0 ? [] : ['*', ...keywords])].join(', ')}) -> Any:`,
    `        """${summary.replaceAll('"""', '')}. ${method} ${path}"""`,
    `        return self._request("${method}", f"${address}"${extra.map((each) => `, ${each}`).join('')})`,
  ];
}

const RESERVED = new Set('False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(' '));
const safe = (name: string) => (RESERVED.has(name) ? `${name}_` : name);
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const className = (group: string) => group[0]?.toUpperCase() + group.slice(1);
