"""Structured text of our own making: JSON, key and value, lists, calls of tools, spans copied out of sentences. From a seed, without end.

A decoder that has read only prose cannot be taught JSON by a small adapter; one that has copied a million invented words can be taught to copy
yours. Every document is drawn from the grammar below over the words of words.py; none is taken from a text or a data set.

    python structured.py --count 5     # look at some
"""
import argparse
import json
import random
from collections.abc import Callable, Iterator

from words import COLORS, MATTERS, STATES, THINGS, VALUES, VERBS, invented, person, phrase, title, value

Random = random.Random
START, END = "<|im_start|>", "<|im_end|>"


def dump(thing: object, r: Random) -> str:
    return json.dumps(thing, ensure_ascii=False, **r.choice(({}, {}, {"separators": (",", ":")}, {"indent": 2})))


def key(r: Random) -> str:
    first, second = r.choice(MATTERS), r.choice(MATTERS)
    return r.choice((first, first, first, f"{first}_{second}", f"{first}{second.capitalize()}", f"{r.choice(STATES)}_{first}"))


def scalar(r: Random) -> object:
    return r.choice((value(r), value(r), value(r), r.randint(0, 9999), round(r.uniform(0, 500), r.randint(1, 3)), r.random() < 0.5, None))


def record(r: Random, depth: int = 0) -> dict:
    def field() -> object:
        kind = r.random()
        if depth < 2 and kind < 0.08:
            return record(r, depth + 1)
        if kind < 0.16:
            return [scalar(r) for _ in range(r.randint(0, 4))]
        return scalar(r)
    return {key(r): field() for _ in range(r.randint(1, 6))}


def flat(r: Random) -> dict[str, str]:
    return {key(r): value(r) for _ in range(r.randint(2, 6))}


# Sentences whose blanks are named: what was filled in is known, with its place. {person}, {date} ... are kinds of words.VALUES.
SENTENCES = (
    "Please {verb} the {thing} for {person} on {date}.", "{person} will arrive in {place} at {time} with {amount}.", "send {code} to {email} before {date}",
    "the {color} {thing} in {place} is {state}", "can you {verb} {title} for {person}?", "Invoice {code} over {amount} is {state} since {date}.",
    "I lost my {thing} near {place} around {time}, my name is {person}", "{person} and {person2} meet on {date} at {time} in {place}.", "remind {person} to {verb} {word} {date}",
    "Move {amount} from {code} to {code2}.", "what is the {matter} of {title}", "Our {thing} {code} stopped at {time}; {person} says it is {state}.",
    "order {amount} of {word} for {place}, deliver it {date}", "\"{title}\" was written by {person} and printed in {place}.", "write to {email} about the {state} {thing}",
    "{verb} {title}", "is {word} open at {time} in {place}?", "no, {verb} the {color} one, not the {color2} one", "We have {amount} left, says {person} of {word}.",
    "The {matter} was {word} until {date}, then {word2}.", "hi, {person} here. {verb} {code} please, it is {state}", "Between {place} and {place2} the train takes {amount}.",
)


def sentence(r: Random) -> tuple[str, dict[str, str]]:
    """A sentence and what fills its blanks."""
    template, filled = r.choice(SENTENCES), {}
    for kind in (*VALUES, "verb", "matter"):
        for name in (kind, f"{kind}2"):
            if f"{{{name}}}" in template:
                filled[name] = r.choice(VERBS) if kind == "verb" else r.choice(MATTERS) if kind == "matter" else VALUES[kind](r)
    return template.format(**filled), filled


def slots(r: Random, filled: dict[str, str], absent: bool = True) -> dict[str, str | None]:
    """Some of what a sentence holds, in its order, now and then asked for something that it has not."""
    names = [name for name in filled if r.random() < 0.8] or list(filled)[:1]
    found: dict[str, str | None] = {name: filled[name] for name in names}
    missing = [kind for kind in VALUES if kind not in filled]
    if absent and missing and r.random() < 0.15:
        found[r.choice(missing)] = None
    return found


def chat(system: str | None, *turns: str) -> str:
    """user, assistant, user, assistant ..., as the chat template writes them."""
    roles = ([("system", system)] if system else []) + [(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)]
    return "".join(f"{START}{role}\n{content}{END}\n" for role, content in roles)


def ask(r: Random, task: str, given: str, answer: str) -> str:
    """The same exercise as a chat, with or without a system turn, or as plain lines."""
    kind = r.random()
    if kind < 0.35:
        return chat(task, given, answer)
    if kind < 0.6:
        return chat(None, f"{task}\n{given}", answer)
    heads = r.choice((("Text", "Answer"), ("Input", "Output"), ("Q", "A"), ("text", "json" if answer.startswith("{") else "result")))
    return f"{task}\n{heads[0]}: {given}\n{heads[1]}: {answer}\n"


def objects(r: Random) -> str:
    return "\n".join(dump(record(r), r) for _ in range(r.randint(1, 3))) + "\n"


def json_lines(r: Random) -> str:
    """Rows that share their keys, as logs and exports have them."""
    keys = [key(r) for _ in range(r.randint(2, 4))]
    return "".join(json.dumps({k: scalar(r) for k in keys}, ensure_ascii=False) + "\n" for _ in range(r.randint(2, 5)))


def pairs(r: Random) -> str:
    fields = flat(r)
    lines = "\n".join(f"{k}: {v}" for k, v in fields.items())
    return lines + "\n" if r.random() < 0.3 else ask(r, r.choice(("Write it as JSON.", "Turn the lines into a JSON object.", "to json")), lines, dump(fields, r))


def from_json(r: Random) -> str:
    fields = flat(r)
    if r.random() < 0.5:
        return ask(r, r.choice(("Write it as lines.", "One line for each key.")), dump(fields, r), "\n".join(f"{k}: {v}" for k, v in fields.items()))
    name = r.choice(list(fields))
    return ask(r, r.choice((f"What is the {name}?", f"Give the value of {name}.", f"Read {name}.")), dump(fields, r), fields[name])


def table(r: Random) -> str:
    keys, mark = [key(r) for _ in range(r.randint(2, 4))], r.choice((",", ", ", " | ", "\t", ";"))
    rows = [[value(r).replace(mark.strip() or "\t", "") for _ in keys] for _ in range(r.randint(1, 4))]
    text = "\n".join(mark.join(row) for row in (keys, *rows))
    return text + "\n" if r.random() < 0.3 else ask(r, "Rows to JSON.", text, dump([dict(zip(keys, row)) for row in rows], r))


def lists(r: Random) -> str:
    items = [r.choice((value, invented, lambda q: q.choice(THINGS)))(r) for _ in range(r.randint(2, 7))]
    bulleted, numbered = "\n".join(f"- {item}" for item in items), "\n".join(f"{i}. {item}" for i, item in enumerate(items, 1))
    forms = (bulleted, numbered, json.dumps(items, ensure_ascii=False), ", ".join(items))
    given, wanted = r.sample(range(4), 2)
    names = ("a list with dashes", "a numbered list", "a JSON array", "one line")
    return r.choice((bulleted, numbered)) + "\n" if r.random() < 0.2 else ask(r, f"Write it as {names[wanted]}.", forms[given], forms[wanted])


def changed(r: Random) -> str:
    items = [invented(r) for _ in range(r.randint(2, 6))]
    name, act = r.choice((("Sort the words.", sorted), ("Reverse the order.", lambda x: x[::-1]), ("Repeat the words.", list), ("In capitals.", lambda x: [w.upper() for w in x]),
                          ("In small letters.", lambda x: [w.lower() for w in x]), ("First and last word.", lambda x: [x[0], x[-1]])))
    return ask(r, name, " ".join(items), " ".join(act(items)))


def extraction(r: Random) -> str:
    text, filled = sentence(r)
    wanted = slots(r, filled)
    names = r.choice((", ".join(wanted), json.dumps(list(wanted)), " / ".join(wanted)))
    task = r.choice(("Extract as JSON: {}.", "Find {} in the text. Answer in JSON.", "Fields: {}", "Give me {} as JSON")).format(names)
    return ask(r, task, text, dump(wanted, r) if r.random() < 0.3 else json.dumps(wanted, ensure_ascii=False))


def all_slots(r: Random) -> str:
    """As an extraction model is used: no fields named, the answer has all there are, each with its words."""
    text, filled = sentence(r)
    shown = {name: words for name, words in filled.items() if name not in ("verb", "matter", "verb2", "matter2")} or filled
    return ask(r, r.choice(("Extract.", "Which spans? JSON.", "Mark what you find.")), text, json.dumps(shown, ensure_ascii=False))


def span(r: Random) -> str:
    text, filled = sentence(r)
    around = [sentence(r)[0] for _ in range(r.randint(0, 3))]
    around.insert(r.randint(0, len(around)), text)
    name = r.choice(list(filled))
    return ask(r, r.choice((f"Which {name}?", f"Copy the {name}.", f"{name}?")), " ".join(around), filled[name])


def echo(r: Random) -> str:
    words = [r.choice((value, invented, phrase, title, person))(r) for _ in range(r.randint(1, 5))]
    text = r.choice((" ", ", ", "; ", "\n")).join(words)
    return ask(r, r.choice(("Repeat.", "Say it again, word for word.", "Copy the text.")), text, text)


def between(r: Random) -> str:
    words = [invented(r) for _ in range(r.randint(5, 14))]
    i = r.randrange(1, len(words) - 2)
    j = r.randint(i + 1, min(i + 3, len(words) - 1))
    if r.random() < 0.4:
        return ask(r, f"Which word follows {words[i]}?", " ".join(words), words[i + 1])
    marked = " ".join([*words[:i], "[", *words[i:j], "]", *words[j:]])
    return ask(r, "What is between the brackets?", marked, " ".join(words[i:j]))


def labels(r: Random) -> str:
    """Examples of a labelling that exists in this document alone, then one more."""
    names = [r.choice((invented, lambda q: q.choice(MATTERS)))(r).lower() for _ in range(r.randint(2, 4))]
    marks = [r.sample(THINGS, 3) for _ in names]
    rows = []
    for _ in range(r.randint(4, 9)):
        i = r.randrange(len(names))
        rows.append(f"{r.choice(VERBS)} {r.choice(('the', 'my', 'a'))} {r.choice((r.choice(COLORS), invented(r).lower()))} {r.choice(marks[i])} -> {names[i]}")
    return "\n".join(rows) + "\n"


def tool(r: Random) -> tuple[dict, list[str]]:
    name = f"{r.choice(VERBS)}_{r.choice((r.choice(THINGS), r.choice(MATTERS)))}"
    kinds = r.sample(list(VALUES), r.randint(1, 4))
    properties = {kind: {"type": "string", "description": f"the {kind}"} for kind in kinds}
    function = {"name": name, "description": f"{name.replace('_', ' the ').capitalize()}.", "parameters": {"type": "object", "properties": properties, "required": kinds[:1]}}
    return {"type": "function", "function": function}, kinds


TOOLS_BEFORE = "You may call these functions:\n<tools>\n"
TOOLS_AFTER = "\n</tools>\nTo call one, answer with its name and arguments as JSON:\n<tool_call>\n{\"name\": NAME, \"arguments\": ARGUMENTS}\n</tool_call>"


def call(r: Random) -> str:
    tools = [tool(r) for _ in range(r.randint(1, 3))]
    chosen, kinds = r.choice(tools)
    arguments = {kind: VALUES[kind](r) for kind in kinds if kind == kinds[0] or r.random() < 0.6}
    name = chosen["function"]["name"]
    said = ", ".join(f"{r.choice(('', '', 'the '))}{kind} {r.choice(('is ', '', '= '))}{text}" if r.random() < 0.6 else text for kind, text in arguments.items())
    user = f"{r.choice(('', 'please ', 'can you ', 'I want to '))}{name.replace('_', r.choice((' the ', ' ', ' a ')))}{r.choice((': ', ', ', ' '))}{said}"
    system = TOOLS_BEFORE + "\n".join(json.dumps(t, ensure_ascii=False) for t, _ in tools) + TOOLS_AFTER
    answer = "<tool_call>\n" + json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False) + "\n</tool_call>"
    return chat(system, user, answer)


def python_call(r: Random) -> str:
    name, arguments = f"{r.choice(VERBS)}_{r.choice(THINGS)}", flat(r)
    written = ", ".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in arguments.items())
    return ask(r, r.choice(("Write the call.", "As a function call.")), f"{name} " + ", ".join(f"{k} {v}" for k, v in arguments.items()), f"{name}({written})")


def talk(r: Random) -> str:
    """A few turns that keep what was said."""
    who, thing, what = person(r), r.choice(THINGS), title(r)
    question, answer = r.choice((("What is my name?", who), ("Which list?", what), ("What did I add?", thing)))
    return chat(None, f"My name is {who}.", f"Hello {who}, how can I help?", f"Put a {thing} on the list {what}.", f"The {thing} is on {what}.", question, answer)


DOCUMENTS: dict[Callable[[Random], str], float] = {
    objects: 1, json_lines: 0.7, pairs: 1, from_json: 1, table: 0.7, lists: 1, changed: 0.7, extraction: 3, all_slots: 1.5, span: 1.5, echo: 0.7, between: 0.7,
    labels: 1, call: 1.5, python_call: 0.7, talk: 0.2,
}


def documents(seed: int) -> Iterator[str]:
    r = Random(seed)
    while True:
        yield r.choices(list(DOCUMENTS), list(DOCUMENTS.values()))[0](r)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    for document, _ in zip(documents(options.seed), range(options.count)):
        print(document + "<|endoftext|>")


if __name__ == "__main__":
    main()
