"""Published weights of Show-o in our networks: which name is whose, and that every shape fits.

Takes tensors by name (of safetensors; opening them is others' business) and gives a state for
``load_state_dict(…, assign=True)``. What the file lacks, what it has too much and what has another
shape are errors that name the first one: nothing is left as it was by accident.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn

from vplugin.errors import ContractError

__all__ = ["MAGVIT_NAMES", "SHOWO_NAMES", "translated"]

#: Parts of names in ``showlab/show-o`` and in :class:`vplugin.nets.unif2ace.model.Unif2ace`.
SHOWO_NAMES: tuple[tuple[str, str], ...] = (
    (r"^showo\.model\.embed_tokens\.", "embed."),
    (r"^showo\.model\.final_layernorm\.", "norm."),
    (r"^showo\.lm_head\.", "head."),
    (r"^showo\.model\.layers\.(\d+)\.", r"blocks.\1."),
    (r"\.input_layernorm\.", ".norm."),
    (r"\.self_attn\.q_proj\.", ".attention.query."),
    (r"\.self_attn\.k_proj\.", ".attention.key."),
    (r"\.self_attn\.v_proj\.", ".attention.value."),
    (r"\.self_attn\.dense\.", ".attention.out."),
    (r"\.self_attn\.q_layernorm\.", ".attention.query_norm."),
    (r"\.self_attn\.k_layernorm\.", ".attention.key_norm."),
    (r"\.mlp\.fc1\.", ".feed.rise."),
    (r"\.mlp\.fc2\.", ".feed.fall."),
)
#: The same of ``showlab/magvitv2`` and :class:`vplugin.nets.unif2ace.magvit.Magvit`.
MAGVIT_NAMES: tuple[tuple[str, str], ...] = (
    (r"\.(?:down|up)\.(\d+)\.block\.", r".levels.\1.blocks."),
    (r"\.(?:down|up)\.(\d+)\.(?:downsample|upsample)\.conv\.", r".levels.\1.step."),
    (r"\.norm1\.", ".norms.0."),
    (r"\.norm2\.", ".norms.1."),
    (r"\.conv1\.", ".convolutions.0."),
    (r"\.conv2\.", ".convolutions.1."),
    (r"\.nin_shortcut\.", ".shortcut."),
    (r"\.mid\.block_1\.", ".middle.0."),
    (r"\.mid\.attn_1\.", ".middle.1."),
    (r"\.mid\.block_2\.", ".middle.2."),
    (r"(\.middle\.1)\.q\.", r"\1.query."),
    (r"(\.middle\.1)\.k\.", r"\1.key."),
    (r"(\.middle\.1)\.v\.", r"\1.value."),
    (r"(\.middle\.1)\.proj_out\.", r"\1.out."),
    (r"\.norm_out\.", ".norm."),
    (r"\.conv_in\.", ".first."),
    (r"\.conv_out\.", ".last."),
    (r"\.(?:post_)?quant_conv\.", ".mixed."),
)
# Tables that are arithmetic here, and what only Show-o's CLIP variant has.
_UNUSED = re.compile(r"^(quantize\.(embedding|power_vals)|mm_projector\..*|.*\.rotary_emb\..*)$")


def translated(
    tensors: Mapping[str, Tensor], net: nn.Module, names: tuple[tuple[str, str], ...]
) -> dict[str, Tensor]:
    """A state of ``net`` from published tensors.

    Args:
        tensors: By published name.
        net: Of the size they are for, without experts; may lie on the ``meta`` device.
        names: :data:`SHOWO_NAMES` or :data:`MAGVIT_NAMES`.

    Raises:
        ContractError: A tensor is missing, unknown, or of another shape.
    """
    wanted = net.state_dict()
    state: dict[str, Tensor] = {}
    for published, tensor in tensors.items():
        if _UNUSED.match(published):
            continue
        name = _ours(published, names)
        if name not in wanted:
            raise ContractError("no part of this network", where=published, mend="another size?")
        if wanted[name].shape != tensor.shape:
            shapes = f"{tuple(tensor.shape)}, not {tuple(wanted[name].shape)}"
            raise ContractError(f"has the shape {shapes}", where=published, mend="another size?")
        state[name] = tensor
    missing = next((name for name in wanted if name not in state), None)
    if missing is not None:
        raise ContractError(f"the file has nothing for {missing}", mend="give the whole file")
    return state


def _ours(name: str, names: tuple[tuple[str, str], ...]) -> str:
    for pattern, ours in names:
        name = re.sub(pattern, ours, name)
    return name
