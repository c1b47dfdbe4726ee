"""Tiny random bases, one for each thing that an architecture may have. Saved by transformers itself, in the number formats that checkpoints use."""
from pathlib import Path

import torch
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

VOCABULARY = 48
POSITIONS = 64
# Grouped queries; weights larger than a fresh model's so that every gradient is of moderate size.
DECODER = dict(
    vocab_size=VOCABULARY, hidden_size=32, intermediate_size=36, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=POSITIONS, initializer_range=0.25, pad_token_id=0, bos_token_id=1, eos_token_id=2, attention_dropout=0.0,
)
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)
LINEAR = dict(rope_type="linear", rope_theta=10000.0, factor=2.0)

# name: class, config, number format, shard size
BASES = {
    "bert": (BertModel, BertConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=36, max_position_embeddings=POSITIONS,
        attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0, initializer_range=0.25,
    ), torch.float32, "1GB"),
    # The smallest decoder: its language-model head is the embedding.
    "llama": (LlamaForCausalLM, LlamaConfig(**DECODER, tie_word_embeddings=True), torch.bfloat16, "1GB"),
    # Llama 3's stretched rotations, a head of its own, biases wherever the config can ask for them, several files.
    "llama3": (LlamaForCausalLM, LlamaConfig(**DECODER, tie_word_embeddings=False, attention_bias=True, mlp_bias=True, rope_parameters=LLAMA3), torch.float16, "16KB"),
    "llama-linear": (LlamaForCausalLM, LlamaConfig(**{**DECODER, "num_key_value_heads": 4}, tie_word_embeddings=True, rope_parameters=LINEAR), torch.bfloat16, "1GB"),
    # Heads wider than hidden / heads; one key and value head for all queries.
    "mistral": (MistralForCausalLM, MistralConfig(**{**DECODER, "num_key_value_heads": 1}, head_dim=16, sliding_window=None, tie_word_embeddings=False), torch.bfloat16, "1GB"),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**DECODER, tie_word_embeddings=True), torch.float16, "1GB"),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**DECODER, head_dim=16, tie_word_embeddings=True), torch.bfloat16, "1GB"),
}


def make_base(name: str, folder: Path) -> None:
    create, config, dtype, shard = BASES[name]
    torch.manual_seed(100 + list(BASES).index(name))
    model = create(config, add_pooling_layer=False) if create is BertModel else create(config)
    for parameter in model.parameters():
        # Zero biases and unit norms would hide mistakes.
        if parameter.dim() == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)
    (folder / "generation_config.json").unlink(missing_ok=True)
