/**
 * Chats as the one text that is a row's input: canonical JSON, of the messages alone or of messages and tools. Two chats have the same text only
 * if a template renders them alike, so the order of members inside tools and calls is kept: templates write them in it.
 */
import { isTrimtabError } from '../errors.ts';
import type { Chat, Message } from '../vocabulary.ts';
import { bad, isObject, jsonOf, kindOf, listOf, MAX_ANSWER, textOf } from './check.ts';

const MOST_MESSAGES = 1_000;
const MOST_CALLS = 100;
export const MOST_TOOLS = 128;
const RIGHT = 'send a list of {role, content}, an assistant\'s with tool_calls if it calls, a tool\'s with tool_call_id or name';
const CALL = 'a call is {type: "function", function: {name, arguments}}';
const TOOL = 'a tool is the JSON schema of a function, {type: "function", function: {name, description, parameters}}';

/** A chat as one text, to be stored as the input of a row. @throws TrimtabError `bad-data` */
export function canonicalChat({ messages, tools }: { readonly messages?: unknown; readonly tools?: unknown }): string {
  const turns = listOf(messages, 'messages', RIGHT, MOST_MESSAGES);
  if (turns.length === 0) throw bad('messages', 'there are none', RIGHT);
  const checked = turns.map((each, i) => messageOf(each, `messages[${i}]`));
  if (tools === undefined) return JSON.stringify(checked);
  const functions = listOf(tools, 'tools', `send a list; ${TOOL}`, MOST_TOOLS);
  // templates tell an empty list from none: one of the two must not be stored as the other
  if (functions.length === 0) throw bad('tools', 'there are none', 'leave the field out');
  return JSON.stringify({ messages: checked, tools: functions.map((each, i) => wholeOf(each, `tools[${i}]`, TOOL)) });
}

function messageOf(value: unknown, at: string): Message {
  if (typeof value !== 'object' || value === null) throw bad(at, `it is ${kindOf(value)}`, RIGHT);
  const { role, content, tool_calls: calls, tool_call_id: call, name, ...rest } = value as Record<string, unknown>;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) throw bad(at, `there is no field "${extra}"`, RIGHT);
  return {
    role: textOf(role, `${at}.role`, 100),
    content: content === null && calls !== undefined ? null : textOf(content, `${at}.content`, MAX_ANSWER, 0),
    ...(calls === undefined ? {} : { tool_calls: listOf(calls, `${at}.tool_calls`, RIGHT, MOST_CALLS).map((each, i) => wholeOf(each, `${at}.tool_calls[${i}]`, CALL)) }),
    ...(call === undefined ? {} : { tool_call_id: textOf(call, `${at}.tool_call_id`, 200) }),
    ...(name === undefined ? {} : { name: textOf(name, `${at}.name`, 200) }),
  };
}

/** Templates differ in what they read of a call or a tool: it is kept whole. */
function wholeOf(value: unknown, at: string, right: string): object {
  if (!isObject(value)) throw bad(at, `it is ${kindOf(value)}`, right);
  textOf(JSON.stringify(value), at, MAX_ANSWER);
  return value;
}

/** The chat of an input that `canonicalChat` made; null of any other text. */
export function chatIn(text: string): Chat | null {
  if (!text.startsWith('[{"role":') && !text.startsWith('{"messages":[{"role":')) return null;
  const value = jsonOf(text);
  const chat = (Array.isArray(value) ? { messages: value } : value) as Chat | undefined;
  try {
    return chat !== undefined && canonicalChat(chat) === text ? chat : null;
  } catch (error) {
    if (isTrimtabError(error, 'bad-data')) return null;
    throw error;
  }
}

/**
 * What of an input tells it from others: of a chat with tools its messages. All rows of a model have about the same tools, which are often longer than
 * what is said: they would make near-duplicates of all rows, and leave no word of a row unseen.
 */
export function tellingPart(text: string): string {
  const chat = text.startsWith('{"messages":') ? chatIn(text) : null;
  return chat === null ? text : JSON.stringify(chat.messages);
}
