"""What was learnt of the repository in passing: it spares the requests that would ask for it again."""

from dataclasses import dataclass, field

import msgspec

from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.replies import Framed, Rights, User, Wardrobe


@dataclass(slots=True)
class Known:
    """Ids and rights; what is missing is asked for, and what is old is found out by GitHub's refusal.

    `authors` are those of pull requests by number, `users` ids by login; None for somebody who is not there.
    The keys of labels and users are folded: GitHub does not tell upper from lower case in them.
    """

    github: GitHub
    default_branch: str = ""
    authors: dict[int, str | None] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    users: dict[str, str | None] = field(default_factory=dict)
    viewer: str | None = None
    _rights: Rights | None = None

    def learn_rights(self, rights: Rights) -> None:
        """Keep what a reply said by the way, and not the reply, which may hold thousands of texts."""
        self._rights = msgspec.convert(rights, Rights, from_attributes=True)

    def learn_author(self, number: int, author: User | None) -> None:
        """Keep who opened a pull request."""
        self.authors[number] = author.login if author else None

    def learn_wardrobe(self, wardrobe: Wardrobe, reviewer: str | None) -> None:
        """Keep the ids that a pull request is dressed with; `reviewer` was asked for."""
        if wardrobe.labels:
            self.labels |= {label.name.casefold(): label.id for label in wardrobe.labels.items}
        if reviewer is not None:
            self.users[reviewer.casefold()] = None
        if wardrobe.assignable_users:
            self.users |= {user.login.casefold(): user.id for user in wardrobe.assignable_users.items}

    def rights(self) -> Rights:
        """The repository's id, and what may be done there. Raises HostError."""
        if self._rights is None:
            self._rights = ask_of_repository(self.github, "rights", {}, Framed[Rights])
        return self._rights
