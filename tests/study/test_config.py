import copy
import json

import pytest
import yaml
from conftest import ROOT

from nstcore.backbones.architectures import ARCHITECTURES
from nstcore.common.errors import ConfigError
from nstcore.common.versions import CONFIG_VERSION
from nstcore.losses.objective import Loss
from nstcore.painting.schedule import Training
from nstcore.selection.styles import style_name
from nstcore.study.config import Study
from nstcore.study.record import check_record, read_record, write_record


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))


def test_the_full_study_is_the_published_one(config):
    study = Study.from_config(config)
    assert list(study.backbones) == ["VGG19", "ResNet50", "InceptionV3", "MobileNetV2"]
    assert study.aggregations == ("simple", "squared", "logged")
    assert list(study.optimizers) == ["adam", "sgd", "rmsprop"]
    styles = study.styles.each()
    assert [s.name for s in styles] == [
        "Marc_Chagall",
        "Salvador_Dali",
        "Claude_Monet",
        "Pablo_Picasso",
        "Diego_Rivera",
        "Andy_Warhol",
    ]
    assert {s.images for s in styles} == {30}
    assert (study.contents.train, study.contents.test) == (10, 5)
    assert study.image_size == 224
    assert study.training.max_epochs == 100
    assert study.training.min_improvement == 0.001


def test_its_layers_are_the_library_s_defaults(config):
    for backbone in Study.from_config(config).backbones.values():
        usual = ARCHITECTURES[backbone.architecture]
        assert tuple(backbone.style_layers) == usual.style_layers
        assert set(backbone.style_layers.values()) == {1 / len(usual.style_layers)}
        assert backbone.content_layer == usual.content_layer


def test_the_demo_is_a_valid_study():
    study = Study.from_config(yaml.safe_load((ROOT / "demo.yaml").read_text("utf-8")))
    assert study.name == "demo"
    assert list(study.backbones) == ["MobileNetV2", "MobileNetV2-cured", "MobileNetV2-untrained"]
    # The cures beside plain pixels, and a control in one aggregation.
    assert study.canvas_of("MobileNetV2").is_plain
    assert study.backbones["MobileNetV2-cured"].like == "MobileNetV2"
    assert len(study.models) == 5


def put(config, path, value):
    *sections, key = path.split(".")
    for section in sections:
        config = config[section]
    config[key] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("trainning", {}, "unknown key 'trainning'; allowed: .*training"),
        ("training.max_epoch", 5, "training: unknown key 'max_epoch'; allowed: max_epochs"),
        ("training.max_epochs", "ten", "training.max_epochs: 'ten' should be of type integer"),
        ("training.max_epochs", 0, "training.max_epochs: 0 is less than the minimum of 1"),
        ("image_size", 224.5, "image_size: 224.5 should be of type integer"),
        ("aggregations", ["cubed"], "'cubed' is not known; allowed: simple, squared, logged"),
        ("backbones.VGG19.architecture", "VGG91", "'VGG91' is not known; allowed: VGG16, VGG19"),
        (
            "backbones.VGG19.content_layer",
            "block4_conv9",
            "backbones.VGG19: layer 'block4_conv9' is not known; .*block4_conv",
        ),
        (
            "backbones.VGG19.style_layers",
            {"mixed0": 1},
            "backbones.VGG19: layer 'mixed0' is not known",
        ),
        ("backbones.VGG19.weights", "no.h5", "weights: no file 'no.h5'; give imagenet"),
        ("optimizers.ftrl", {}, "optimizers: unknown key 'ftrl'; allowed: adam, sgd, rmsprop"),
        ("loss", {"scaling": "free"}, "loss.scaling: 'free' .* allowed: published, calibrated"),
        ("backbones.VGG19.pooling", "mean", "'mean' is not known; allowed: max, average"),
        ("backbones.VGG19.precision", "int8", "'int8' is not known; allowed: float32, bfloat16"),
        ("training.initial_noise", 2, "training.initial_noise: 2 is greater than the maximum"),
        (
            "optimizers.adam.epsilon",
            yaml.safe_load("1e-8"),
            "adam.epsilon: '1e-8' is a text; write the number as YAML does, 1.0e-8",
        ),
        ("optimizers.sgd", {"learning_rate": -1}, "optimizers.sgd.learning_rate: -1 is less"),
        (
            "optimizers.sgd",
            {"learning_rat": 1},
            "optimizers.sgd: unknown key .learning_rat.; allowed: learning_rate",
        ),
        (
            "styles.artists",
            ["Claude Monnet"],
            "'Claude Monnet' is not in ikarus777/.*Claude Monet",
        ),
        ("data", {"source": "directory"}, "data: source directory needs the key 'path'"),
        ("data.path", "x", "data: source kaggle has no use for 'path'"),
        ("data.cache", "", "data.cache: '' is too short; at least 1"),
        (
            "data.patience",
            {"attempts": 0},
            "data.patience.attempts: 0 is less than the minimum of 1",
        ),
        (
            "data.patience",
            {"atempts": 3},
            "data.patience: unknown key 'atempts'",
        ),
        ("data.source", "web", "data.source: 'web' is not known; allowed: kaggle, directory"),
        ("study", "../x", "study: '../x' does not match"),
    ],
)
def test_a_wrong_config_gives_one_line_naming_what_is_allowed(config, path, value, message):
    put(config, path, value)
    with pytest.raises(ConfigError, match=message) as caught:
        Study.from_config(config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "VGG19"}, "judge: VGG19 is the backbone VGG19, whose own pictures it"),
        ({"weights": "random"}, "judge: untrained weights cannot judge"),
        ({"weights": "no.h5"}, "judge: weights: no file 'no.h5'"),
        ({"architecture": None}, "judge: key 'architecture' is missing"),
        ({"architecture": None, "layers": ["a", "b"]}, "judge: key 'architecture' is missing"),
        ({"layers": ["stem_conv", "block9z"]}, "judge: layer 'block9z' is not known; nearest"),
        ({"layers": ["stem_conv"]}, "judge.layers: .* too short; at least 2"),
        ({"heldout": 1}, "judge.heldout: 1 is less than the minimum of 2"),
        ({"backbone": "VGG19"}, "judge: unknown key 'backbone'; allowed: architecture"),
    ],
)
def test_a_wrong_judge_is_named(config, changes, message):
    judge = config["judge"] | changes
    config["judge"] = {key: value for key, value in judge.items() if value is not None}
    with pytest.raises(ConfigError, match=message) as caught:
        Study.from_config(config)
    assert "\n" not in str(caught.value)


def test_a_study_needs_no_judge(config):
    assert Study.from_config(config).judge.heldout == 20
    del config["judge"]
    assert Study.from_config(config).judge is None


@pytest.mark.parametrize("key", ["study", "data", "styles", "contents", "backbones"])
def test_a_missing_key_is_named(config, key):
    del config[key]
    with pytest.raises(ConfigError, match=f"config: key '{key}' is missing"):
        Study.from_config(config)


SMALL = """
study: mine
data: {path: paintings}
styles: {artists: [Ada One]}
contents: {source: photographs}
backbones:
  Net: {architecture: MobileNetV2}
"""


def test_every_other_key_has_a_default():
    study = Study.from_config(yaml.safe_load(SMALL))
    assert study.data.source == "directory"
    assert (study.seed, study.image_size) == (0, 224)
    assert study.backbones["Net"].weights == "imagenet"
    assert study.network("Net").layers == ARCHITECTURES["MobileNetV2"].layers
    assert study.aggregations == ("simple", "squared", "logged")
    assert list(study.optimizers) == ["adam", "sgd", "rmsprop"]
    assert study.judge is None
    # No weights of losses are given, so they are measured.
    objective = study.objective("Net")
    assert (objective.scaling, objective.alpha, objective.beta) == ("published", "auto", "auto")


def test_all_mistakes_are_told_at_once(config):
    config["trainning"] = {}
    config["training"]["max_epoch"] = 5
    config["training"]["batch"] = "ten"
    config["styles"]["artists"][0] = "Mark Chagall"
    config["styles"]["genres"] = ["Kubismus"]
    config["backbones"]["VGG19"]["weights"] = "no.h5"
    config["backbones"]["ResNet50"]["content_layer"] = "conv9_out"
    config["optimizers"] |= {"ftrl": {}, "sgd": {"learning_rate": "1e-3"}}
    del config["contents"], config["judge"]
    with pytest.raises(ConfigError) as caught:
        Study.from_config(config)
    for number, start in enumerate(
        [
            "styles.artists: 'Mark Chagall' is not in",
            "styles.genres: 'Kubismus' is not in",
            "key 'contents' is missing",
            "backbones.ResNet50: layer 'conv9_out' is not known",
            "optimizers.sgd.learning_rate: '1e-3' is a text",
            "optimizers: unknown key 'ftrl'",
            "training.batch: 'ten' should be of type integer",
            "training: unknown key 'max_epoch'",
            "unknown key 'trainning'",
        ]
    ):
        assert caught.value.lines[number].startswith(f"config: {start}")
        assert "\n" not in caught.value.lines[number]
    assert len(caught.value.lines) == 9


def test_a_key_without_a_value_is_told(config):
    config["judge"] = None
    config["training"] = None
    config["styles"]["genres"] = None
    with pytest.raises(ConfigError) as caught:
        Study.from_config(config)
    assert caught.value.lines == [
        f"config: {key}: nothing is given; give a value, or remove the key"
        for key in ("styles.genres", "judge", "training")
    ]


def test_programs_are_handed_what_does_not_equal_the_defaults(config):
    study = Study.from_config(config)
    assert study.objective("VGG19").to_json() == "{}"
    config["backbones"]["ResNet50"] |= {"alpha": 2.7e-9, "beta": "auto"}
    assert Study.from_config(config).objective("ResNet50").to_json() == '{"alpha": 2.7e-09}'
    assert study.training.to_json() == '{"batch": 2}'
    # A default that is spelt out is the same, and so is the same number in another type.
    config["loss"] = {"total_variation": 0, "scaling": "published", "alpha": "auto"}
    config["training"] |= {"initial_noise": 0, "batch": 2}
    same = Study.from_config(config)
    assert same.objective("VGG19").to_json() == study.objective("VGG19").to_json()
    assert same.training.to_json() == study.training.to_json()
    for section in (study.training, study.styles, study.contents, study.network("VGG19")):
        assert type(section).from_json(section.to_json()) == section


def test_a_key_that_is_there_twice_is_refused_by_programs():
    with pytest.raises(ConfigError, match="training: not JSON \\('batch' is there twice"):
        Training.from_json('{"batch": 1, "batch": 2}')


def test_weights_of_losses_are_measured_or_given_for_all_backbones_or_for_one(config):
    config["loss"] = {"alpha": 0.1, "beta": 2, "content_share": 0.5}
    config["backbones"]["VGG19"] |= {"alpha": 3.0, "beta": "auto"}
    study = Study.from_config(config)
    resnet, vgg = study.objective("ResNet50"), study.objective("VGG19")
    assert (resnet.numbers, resnet.measures) == ((0.1, 2.0), False)
    assert (vgg.numbers, vgg.measures, vgg.content_share) == ((3.0, None), True, 0.5)
    # Calibrated losses are measured pair by pair already.
    config["loss"] = {"scaling": "calibrated", "content_share": 0.5}
    study = Study.from_config(config)
    assert study.objective("ResNet50").numbers == (0.5, 1.0)
    assert study.objective("VGG19").numbers == (3.0, 1.0)
    assert not study.objective("VGG19").measures


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Auto", "'Auto' is neither auto nor a number from 0"),
        (True, "True is neither auto nor a number from 0"),
        ([1], r"\[1\] is neither auto nor a number from 0"),
        (-1, "-1 is less than the minimum of 0"),
        ("1e-5", "'1e-5' is a text; write the number as YAML does, 1.0e-8 and not 1e-8"),
        (float("nan"), "nan is not a finite number"),
        (float("inf"), "inf is not a finite number"),
        (None, "nothing is given; give a value, or remove the key"),
    ],
)
@pytest.mark.parametrize("where", ["loss", "backbones.VGG19"])
def test_a_weight_that_is_neither_auto_nor_a_number_gets_one_line(config, where, value, told):
    section = config
    for key in where.split("."):
        section = section[key]
    section["alpha"] = value
    with pytest.raises(ConfigError, match=rf"^config: {where}\.alpha: {told}$"):
        Study.from_config(config)


def test_what_is_beyond_the_study_is_off_unless_asked_for(config):
    study = Study.from_config(config)
    assert study.loss == Loss()
    assert study.training.initial_noise == 0
    for backbone in study.backbones.values():
        assert (backbone.pooling, backbone.precision) == ("max", "float32")


def test_a_default_that_is_spelt_out_changes_no_study(config, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"config_version": CONFIG_VERSION, "config": config}))
    config["loss"] = {"scaling": "published"}
    config["training"]["initial_noise"] = 0
    config["compute"]["save_every"] = 1
    check_record(Study.from_config(config), path)


def test_a_model_file_brings_its_own_layers(config, tmp_path):
    import keras

    layers = [keras.layers.Conv2D(4, 3, name="early"), keras.layers.Conv2D(4, 3, name="late")]
    keras.Sequential([keras.Input((None, None, 3)), *layers]).save(tmp_path / "own.keras")
    own = {
        "weights": str(tmp_path / "own.keras"),
        "preprocessing": "unit",
        "style_layers": {"early": 1.0},
        "content_layer": "late",
        "alpha": 1.0,
        "beta": 1.0,
    }
    config["backbones"] = {"Own": own}
    assert Study.from_config(config).backbones["Own"].content_layer == "late"
    own["content_layer"] = "latest"
    with pytest.raises(ConfigError, match="'latest' is not known; allowed: early, late"):
        Study.from_config(config)
    (tmp_path / "own.keras").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"backbones\.Own: weights: .*not a Keras model file"):
        Study.from_config(config)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Claude Monet", "Claude_Monet"),
        ("  Art   Nouveau ", "Art_Nouveau"),
        ("a/b\\c", "a_b_c"),
        ("../..", "_.."),
        ("{style} <b>", "_style___b_"),
        ("Dürer 🎨", "Dürer_🎨"),
    ],
)
def test_any_label_becomes_a_name_that_a_folder_can_have(label, name):
    assert style_name(label) == name


@pytest.mark.parametrize("label", ["..", " ", "", "x" * 201])
def test_a_label_that_leaves_no_name_is_refused(label):
    with pytest.raises(ConfigError, match="cannot name a folder"):
        style_name(label)


def test_styles_are_artists_genres_lists_and_folders(config):
    config["styles"] = {
        "images": "all",
        "artists": ["Claude Monet"],
        "genres": ["Cubism"],
        "sets": {
            "Blue period": {"paintings": ["Pablo_Picasso_1", "Pablo_Picasso_7"]},
            "Haystacks": {"folder": "haystacks", "images": 5},
        },
    }
    monet, cubism, blue, haystacks = Study.from_config(config).styles.each()
    assert (monet.artist, monet.images) == ("Claude Monet", None)
    assert (cubism.genre, cubism.name) == ("Cubism", "Cubism")
    assert (blue.name, blue.paintings) == ("Blue_period", ("Pablo_Picasso_1", "Pablo_Picasso_7"))
    assert (haystacks.folder, haystacks.images) == ("haystacks", 5)


@pytest.mark.parametrize(
    ("styles", "message"),
    [
        ({"images": 30}, "styles: no style; give artists, genres or sets"),
        ({"images": "many", "artists": ["Claude Monet"]}, "styles.images: 'many' is neither a who"),
        (
            {"images": 0, "artists": ["Claude Monet"]},
            "0 is neither a whole number from 1 nor 'all'",
        ),
        (
            {"images": 3, "genres": ["Cubism", "Kubismus"]},
            "styles.genres: 'Kubismus' is not in .*;",
        ),
        ({"images": 3, "sets": {"A": {}}}, "sets.A: give either 'paintings', .*, or 'folder'"),
        (
            {"images": 3, "sets": {"A": {"folder": "x", "paintings": ["b"]}}},
            "sets.A: give either",
        ),
        (
            {"images": 3, "sets": {"A": {"images": 3, "paintings": ["b"]}}},
            "sets.A: all listed paintings are taken; remove 'images'",
        ),
        (
            {"images": 3, "genres": ["Cubism"], "sets": {"cubism": {"folder": "x"}}},
            "'Cubism' and 'cubism' would have the same folder cubism; rename one",
        ),
    ],
)
def test_styles_that_mean_nothing_are_named(config, styles, message):
    config["styles"] = styles
    with pytest.raises(ConfigError, match=message):
        Study.from_config(config)


def test_an_artist_may_be_written_as_one_likes(config):
    config["styles"]["artists"] = ["albrecht duerer", "Pierre Auguste Renoir"]
    assert [one.name for one in Study.from_config(config).styles.each()] == [
        "albrecht_duerer",
        "Pierre_Auguste_Renoir",
    ]


def test_a_study_that_stopped_at_a_bad_image_may_go_on_without_it(config, tmp_path):
    write_record(Study.from_config(config), tmp_path / "config.json")
    config["data"]["on_bad_image"] = "skip"
    check_record(Study.from_config(config), tmp_path / "config.json")


def test_a_study_may_be_downloaded_otherwise(config, tmp_path):
    write_record(Study.from_config(config), tmp_path / "config.json")
    config["data"]["cache"] = "/mnt/elsewhere"
    config["data"]["patience"] = {"attempts": 20, "silence_seconds": 7200.0}
    check_record(Study.from_config(config), tmp_path / "config.json")


def test_results_of_another_config_are_not_mixed_with_this_one_s(config, tmp_path):
    write_record(Study.from_config(config), tmp_path / "config.json")
    changed = copy.deepcopy(config)
    changed["image_size"] = 128
    with pytest.raises(ConfigError, match=r"computed with another config \(image_size: 224 -> 128"):
        check_record(Study.from_config(changed), tmp_path / "config.json")


def test_more_models_fewer_models_and_other_threads_are_welcome(config, tmp_path):
    write_record(Study.from_config(config), tmp_path / "config.json")
    changed = copy.deepcopy(config)
    changed["backbones"]["Second"] = changed["backbones"]["VGG19"]
    del changed["backbones"]["ResNet50"]
    changed["aggregations"] = ["logged"]
    check_record(Study.from_config(changed), tmp_path / "config.json")
    check_record(Study.from_config(config), tmp_path / "no such record.json")


def test_results_of_another_config_version_are_refused(config, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"config_version": CONFIG_VERSION + 1, "config": config}))
    with pytest.raises(
        ConfigError, match=f"version {CONFIG_VERSION + 1}, this is version {CONFIG_VERSION}"
    ):
        check_record(Study.from_config(config), path)
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"damaged; if .* delete the file"):
        check_record(Study.from_config(config), path)


@pytest.mark.parametrize("version", [1, 2])
def test_results_of_the_version_before_are_kept_by_touching_them_once(config, tmp_path, version):
    """What an earlier version did by default is what today's config has to ask for."""
    path = tmp_path / "config.json"
    for backbone in config["backbones"].values():
        backbone |= {"alpha": 1.0, "beta": 2.0}
    del config["loss"]
    earlier = copy.deepcopy(config)
    del earlier["training"]["patience"], earlier["training"]["watch"]
    path.write_text(json.dumps({"config_version": version, "config": earlier}))
    with pytest.raises(ConfigError, match=r"another config \(training.watch: 0 -> 10\)"):
        check_record(Study.from_config(config), path)
    config["training"]["watch"] = 0
    study = Study.from_config(config)
    with pytest.raises(ConfigError, match="an earlier version, whose results are the same; add"):
        check_record(study, path)
    check_record(study, path, touching=True)
    config["seed"] = 5
    with pytest.raises(ConfigError, match=r"another config \(seed: 20211 -> 5\)"):
        check_record(Study.from_config(config), path, touching=True)
    # A report is made of them as they are.
    assert read_record(path).seed == 20211


def test_an_earlier_study_without_weights_of_losses_was_calibrated(config, tmp_path):
    path = tmp_path / "config.json"
    del config["loss"]
    path.write_text(json.dumps({"config_version": 2, "config": config}))
    recorded = read_record(path)
    assert recorded.objective("VGG19").numbers == (0.1, 1.0)
    assert recorded.loss.scaling == "calibrated"
    with pytest.raises(ConfigError, match=r"loss\.scaling: calibrated -> published"):
        check_record(Study.from_config(config), path)


@pytest.mark.parametrize("damaged", [{"backbones": 3}, {"loss": [1]}, {"backbones": {"A": 1}}])
def test_a_damaged_earlier_record_is_told_as_such(config, tmp_path, damaged):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"config_version": 2, "config": {**config, **damaged}}))
    with pytest.raises(ConfigError, match=r"damaged; if .* delete the file"):
        check_record(Study.from_config(config), path)


def test_the_record_says_all_and_reads_back_to_the_same_study(config, tmp_path):
    study = Study.from_config(config)
    write_record(study, tmp_path / "config.json")
    assert read_record(tmp_path / "config.json").recorded() == study.recorded()
    recorded = json.loads((tmp_path / "config.json").read_text("utf-8"))["config"]
    assert recorded["optimizers"]["adam"]["beta_2"] == 0.999
    assert recorded["loss"] == Loss().full()
    assert recorded["training"]["watch"] == 10
    assert not {"on_config_change", "extends"} & recorded.keys()
