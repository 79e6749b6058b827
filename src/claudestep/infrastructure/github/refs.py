"""Full names of refs."""

from claudestep.domain.naming import METADATA_BRANCH

HEADS = "refs/heads/"
METADATA_REF = HEADS + METADATA_BRANCH
