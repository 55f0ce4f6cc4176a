"""What a browser may send, and nothing else."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_NAME = 60
MAX_NUMBER = 2**31 - 1
"""Of a comment or a version; the store's own numbers have 64 bits."""
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class Body(BaseModel):
    """Base of what a browser sends: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid")


class GiveBody(Body):
    """A decision."""

    points: float = Field(ge=0, le=10_000, allow_inf_nan=False)
    criteria: dict[str, float] = Field(default_factory=dict, max_length=50)
    comments: list[Number] = Field(default_factory=list, max_length=50)
    comment: str = Field("", max_length=10_000)
    version: Number
    slot: str = Field("", max_length=MAX_NAME)


class UndoBody(Body):
    """What is taken back."""

    version: Number
    slot: str = Field("", max_length=MAX_NAME)


class RemarkBody(Body):
    """A comment of the library: a new one, or another state of one."""

    text: str = Field(min_length=1, max_length=2000)
    points: float = Field(ge=-10_000, le=10_000, allow_inf_nan=False)
    version: Number = 0
    retired: bool = False


class PersonBody(Body):
    """Who is judging."""

    name: str = Field(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")
