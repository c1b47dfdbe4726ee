"""What transformers makes of texts and chats: `python text.py FOLDER BASE ...`.

Makes in FOLDER/tokenizers one folder for each manner of tokenizer in use, trained on the texts below, and beside it expected.json: for each text the
tokens with and without the special ones around and the text they decode to; for each chat what apply_chat_template gives. Each BASE (a folder with a
tokenizer of its own) gets FOLDER/bases/NAME.json of the same form.
"""
import json
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

HERE = Path(__file__).parent
TEXTS = [
    "wake me up at nine am on friday", "Play Jörg's new album on spotify, please!", "what's the weather like in São Paulo?", "  leading and   inner\tspaces \n\n new lines\r\n",
    "1234567890 costs $12.50 (or 3,000.75 €)", "don't I'll we've THEY'RE", "日本語のテキスト と 한국어", "emoji 👩‍👩‍👧 🇩🇪 ok 👍🏽", "naïve café vs nai\u0308ve cafe\u0301",
    "<|im_start|>user\nhi<|im_end|>", "http://example.com/a_b?c=d&e=f#g", "def f(x):\n    return x ** 2\n", "a", " ", "ﬁ ligature, non\u00a0breaking, zero\u200bwidth",
    "[CLS] is spelt out </s> here <s>", "Ω≈ç√∫˜µ≤≥÷", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈",
]
TOOLS = [
    {"type": "function", "function": {"name": "book_table", "description": "Books a table <at> a \"restaurant\" & more", "parameters": {"type": "object", "properties": {"people": {"type": "integer"}, "stadt": {"type": "string", "enum": ["Köln", "東京"]}}, "required": ["people"]}}},
    {"type": "function", "function": {"name": "noop", "description": "", "parameters": {}}},
]
CALL = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "book_table", "arguments": {"people": 2, "stadt": "Köln", "when": None, "outside": True, "price": 1.5}}}]}
CHATS = [
    {"messages": [{"role": "user", "content": "hello"}]},
    {"messages": [{"role": "system", "content": " Be brief. "}, {"role": "user", "content": "  spaces around \n"}]},
    {"messages": [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"}, {"role": "user", "content": "It's \"quoted\" & <tagged> {{ braces }} 日本"}]},
    {"messages": [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\na1"}], "add_generation_prompt": False},
    {"messages": [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\na1"}, {"role": "user", "content": "q2"}]},
    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "book"}], "tools": TOOLS},
    {"messages": [{"role": "user", "content": "book"}, CALL, {"role": "tool", "content": "{\"ok\": true}"}], "tools": TOOLS[:1]},
    {"messages": [{"role": "user", "content": "book"}, {**CALL, "tool_calls": CALL["tool_calls"] * 2}, {"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}, {"role": "assistant", "content": "done"}], "add_generation_prompt": False},
    {"messages": [{"role": "user", "content": "q1"}, {"role": "user", "content": "two of one role"}]},
    {"messages": [{"role": "user", "content": "q1"}, {"role": "assistant", "content": " a1 naïve 日本 👍🏽 "}, {"role": "user", "content": "a1"}, {"role": "assistant", "content": "a1"}, {"role": "user", "content": "q3"}]},
    {"messages": [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "\n\nHello, 12.5 there\n"}, {"role": "user", "content": "q2"}]},
    {"messages": [{"role": "user", "content": "book"}, CALL, {"role": "tool", "content": "1"}, {"role": "assistant", "content": "done"}, {"role": "user", "content": "again"}, CALL, {"role": "tool", "content": "2"}], "tools": TOOLS},
]
# The same templates, told where the assistant's turns are: transformers' mask of them needs to be told.
TOLD = {
    "chatml": [(
        r"{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}",
        r"{{ '<|im_start|>' + message['role'] + '\n' }}{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\n' }}",
    )],
    "llama3": [
        (
            r"{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}",
            r"{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] | trim + '<|eot_id|>' }}{% endgeneration %}{% else %}{{ message['content'] | trim + '<|eot_id|>' }}{% endif %}",
        ),
        (r"""        {{- '{"name": "' + tool_call.name""", r"""        {%- generation %}{{- '{"name": "' + tool_call.name"""),
        (r"""        {{- "}" }}
        {{- "<|eot_id|>" }}""", r"""        {{- "}" }}
        {{- "<|eot_id|>" }}{% endgeneration %}"""),
    ],
    "qwen": [
        ("        {%- if loop.index0 > ns.last and", r"        {{- '<|im_start|>' + message.role + '\n' }}{% generation %}" + "\n        {%- if loop.index0 > ns.last and"),
        (r"{{- '<|im_start|>' + message.role + '\n<think>\n'", r"{{- '<think>\n'"),
        (r"{{- '<|im_start|>' + message.role + '\n' + content }}", "{{- content }}"),
        ("        {%- endif %}\n        {{- '<|im_end|>\\n' }}", "        {%- endif %}\n        {{- '<|im_end|>' }}{% endgeneration %}{{- '\\n' }}"),
    ],
    "mistral": [(r"""{{- " " + message["content"]|trim + eos_token }}""", r"""{{- " " }}{% generation %}{{- message["content"]|trim + eos_token }}{% endgeneration %}""")],
}
GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = GPT4.replace(r"\p{N}{1,3}", r"\p{N}")
SIZE = 600


def byte_level(pattern: str | None, special: list[str], normalizer, post=None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizer
    if pattern is None:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXTS * 3, trainers.BpeTrainer(vocab_size=SIZE, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    if post:
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{post} $A", special_tokens=[(post, tokenizer.token_to_id(post))])
    return tokenizer


def llama3():
    special = ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"]
    return PreTrainedTokenizerFast(tokenizer_object=byte_level(GPT4, special, None, special[0]), bos_token=special[0], eos_token=special[1]), "llama3"


def qwen():
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    return PreTrainedTokenizerFast(tokenizer_object=byte_level(QWEN, special, normalizers.NFC()), eos_token=special[2], pad_token=special[0]), "qwen"


def smollm():
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    return PreTrainedTokenizerFast(tokenizer_object=byte_level(None, special, None), bos_token=special[1], eos_token=special[2], unk_token=special[0]), "chatml"


def mistral():
    """As SentencePiece's models are converted: blanks become a mark, unknown characters bytes."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer.train_from_iterator(TEXTS[:6] * 3, trainers.BpeTrainer(vocab_size=SIZE, special_tokens=special, show_progress=False))
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>"), "mistral"


def bert():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(TEXTS[:6] * 3, trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", pad_token="[PAD]"), None


def render(tokenizer, chat: dict) -> dict:
    options = {"tools": chat.get("tools"), "add_generation_prompt": chat.get("add_generation_prompt", True)}
    try:
        text = tokenizer.apply_chat_template(chat["messages"], tokenize=False, **options)
    except Exception as error:  # noqa: BLE001: a template's own refusal comes as whatever the engine makes of it
        return {**chat, "refused": str(error)}
    return {**chat, "text": text, "tokens": list(tokenizer.apply_chat_template(chat["messages"], tokenize=True, return_dict=False, **options))}


def mask(tokenizer, template: str, chat: dict) -> dict:
    """What of the chat the assistant said, token by token."""
    told = (HERE / "templates" / f"{template}.jinja").read_text()
    for old, new in TOLD[template]:
        assert told.count(old) == 1, (template, old)
        told = told.replace(old, new)
    options = {"tools": chat.get("tools"), "add_generation_prompt": chat.get("add_generation_prompt", True)}
    assert tokenizer.apply_chat_template(chat["messages"], chat_template=told, tokenize=False, **options) == chat["text"], template
    found = tokenizer.apply_chat_template(chat["messages"], chat_template=told, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, **options)
    assert list(found["input_ids"]) == chat["tokens"]
    return {**chat, "mask": list(found["assistant_masks"])}


def expected(tokenizer) -> dict:
    texts = []
    for text in TEXTS:
        bare = tokenizer.encode(text, add_special_tokens=False)
        texts.append({"text": text, "tokens": tokenizer.encode(text), "bare": bare, "decoded": tokenizer.decode(bare, skip_special_tokens=True, clean_up_tokenization_spaces=False)})
    return {"texts": texts, "chats": [render(tokenizer, chat) for chat in CHATS] if tokenizer.chat_template else []}


def main() -> None:
    root = Path(sys.argv[1])
    for make in (llama3, qwen, smollm, mistral, bert):
        tokenizer, template = make()
        if template:
            tokenizer.chat_template = (HERE / "templates" / f"{template}.jinja").read_text()
        folder = root / "tokenizers" / make.__name__
        tokenizer.save_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        right = expected(tokenizer)
        if template:
            right["chats"] = [chat if "refused" in chat else mask(tokenizer, template, chat) for chat in right["chats"]]
        (folder / "expected.json").write_text(json.dumps(right))
    (root / "bases").mkdir()
    for base in map(Path, sys.argv[2:]):
        (root / "bases" / f"{base.name}.json").write_text(json.dumps(expected(AutoTokenizer.from_pretrained(base))))


if __name__ == "__main__":
    main()
