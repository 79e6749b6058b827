"""Users, bots and organizations; authors of commits."""

from tests.github_server.clock import iso
from tests.github_server.graphql.registry import attributes, constants
from tests.github_server.people import User


def _avatar(user: User) -> str:
    return f"https://avatars.githubusercontent.com/u/{user.number}?v=4"


for _kind in ("User", "Bot", "Organization"):
    attributes(
        _kind,
        {
            "id": lambda user: user.id,
            "databaseId": lambda user: user.number,
            "login": lambda user: user.login,
            "url": lambda user: f"https://github.com/{user.login}",
            "resourcePath": lambda user: f"/{user.login}",
            "avatarUrl": _avatar,
        },
    )
for _kind in ("User", "Organization"):
    attributes(_kind, {"name": lambda user: user.name or None})
attributes("User", {"email": lambda user: user.email})
constants("User", {"isViewer": False})
attributes(
    "GitActor",
    {
        "name": lambda person: person.name,
        "email": lambda person: person.email,
        "date": lambda person: iso(person.when),
        "user": lambda person: person.user,
    },
)
