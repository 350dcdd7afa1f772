"""Recipes: the packaged ones load, and a wrong key or value is named."""

from dataclasses import replace

import pytest

from ampose.errors import InputError
from ampose.models import list_models
from ampose.training.recipe import packaged_recipes, read_recipe


@pytest.mark.parametrize("name", packaged_recipes())
def test_packaged_recipes_load(name):
    assert read_recipe(name).model_name in list_models()


def test_the_papers_recipe_is_the_papers():
    config = read_recipe("paper")
    assert (config.model_name, config.model.channels, config.model.depth) == ("ampose-full", 512, 5)
    assert (config.loss, config.batch_size, config.epochs) == ("mse", 128, 50)
    assert (config.optimiser.name, config.optimiser.learning_rate, config.optimiser.weight_decay) == ("adam", 2.5e-5, 0)


@pytest.mark.parametrize("model", list_models())
def test_a_models_name_is_a_recipe(model):
    config = read_recipe(model)
    assert config.model_name == model
    assert config.epochs == 50


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 3", "epoch = 3", r"epoch is no known key; did you mean epochs\?"),
        ("depth = 1", "depht = 1", r"model.depht is no known key; did you mean depth\?"),
        ("largest = 0.01", "largets = 1", r"data.noise.largets is no known key; did you mean largest\?"),
        ("largest = 0.01", "largest = 7", r"data.noise.*largest must be in \[0, 0.2\)"),
        ("epochs = 3", "epochs = 'many'", "epochs: Input should be a valid integer.*got 'many'"),
        ("epochs = 3", "epochs = 0", "batch_size and epochs must be positive"),
        ('name = "ampose-small"', 'name = "ampose-smal"', "did you mean 'ampose-small'"),
        ('name = "ampose-small"', "", r"must name its model, got no \[model\] name"),
        ("epochs = 3", "epochs = = 3", "must be TOML"),
        (
            "epochs = 3",
            'epochs = 3\nloss = "mpjpe-and-expected-error"',
            "needs a model that predicts its error; .*model]$",
        ),
        ("[data.noise]", "[data.missing]\nshare = 0.5\n[data.noise]", "model must take missing joints"),
        ("[data.noise]", "[data.missing]\ncomputed = 0.5\n[data.noise]", "model must take missing joints"),
        ("channels = 8", "channels = 9", "channels must be a multiple of heads"),
    ],
)
def test_mistakes_are_named_with_the_file(recipe, old, new, message):
    recipe.write_text(recipe.read_text().replace(old, new))
    with pytest.raises(InputError, match=message) as error:
        read_recipe(str(recipe))
    if "did you mean 'ampose-small'" not in message:
        assert str(recipe) in str(error.value)


def test_a_recipe_may_say_only_what_is_different_from_another(tmp_path):
    (tmp_path / "first.toml").write_text('extends = "wild-small"\n[data.noise]\nlargest = 0.01\n')
    (tmp_path / "second.toml").write_text('extends = "first.toml"\nepochs = 7\n')
    below, above = read_recipe("wild-small"), read_recipe(str(tmp_path / "second.toml"))
    noise = replace(below.data.noise, largest=0.01)
    assert above == replace(below, epochs=7, data=replace(below.data, noise=noise))


def test_of_several_recipes_each_is_laid_over_those_before_it(tmp_path):
    (tmp_path / "mine.toml").write_text("batch_size = 7\n[optimiser]\ndecay = 0.5\n")
    (tmp_path / "both.toml").write_text('extends = ["paper", "mine.toml"]\nepochs = 3\n')
    below, above = read_recipe("paper"), read_recipe(str(tmp_path / "both.toml"))
    optimiser = replace(below.optimiser, decay=0.5)
    assert above == replace(below, batch_size=7, epochs=3, optimiser=optimiser)


def test_what_a_dataset_has_in_common_is_said_once():
    """A protocol is no recipe, for it has no model; every recipe of its data holds out the same people."""
    by_data: dict[str, set[tuple[object, ...]]] = {}
    for name in packaged_recipes():
        data = read_recipe(name).data
        chosen = " of which some are trained on" if data.train_clips else ""
        by_data.setdefault(" ".join(data.files) + chosen, set()).add(
            (tuple(data.train_subjects), tuple(data.held_out_subjects), tuple(data.left_out_clips))
        )
    assert set(map(len, by_data.values())) == {1}
    assert not {"human36m", "mpi-inf-3dhp", "cmu"} & set(packaged_recipes())


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("itself.toml", "got 'itself.toml', one that extends this one"),
        ("other.toml", r"other.toml: extends .* got 'itself.toml', one that extends this one"),
        (
            "wild-smal",
            "itself.toml: extends must be a packaged recipe or a file beside this one, got 'wild-smal', no such",
        ),
    ],
)
def test_a_recipe_cannot_extend_nothing_or_itself(tmp_path, extends, message):
    (tmp_path / "itself.toml").write_text(f'extends = "{extends}"\n')
    (tmp_path / "other.toml").write_text('extends = "itself.toml"\n')
    with pytest.raises(InputError, match=message):
        read_recipe(str(tmp_path / "itself.toml"))


def test_an_unknown_recipe_lists_the_known():
    with pytest.raises(
        InputError, match=r"recipe must be a TOML file or one of .*3dhp, .*cmu-small, .*, paper, .*got 'papr'"
    ):
        read_recipe("papr")
