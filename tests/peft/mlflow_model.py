"""An exported MLflow model, loaded by MLflow itself: `python mlflow_model.py FOLDER`.

Reads FOLDER/texts.json, writes FOLDER/answers.json: what the model in FOLDER/model says to each text.
"""
import json
import sys
from pathlib import Path

import mlflow
import pandas as pd


def main() -> None:
    root = Path(sys.argv[1])
    frame = pd.DataFrame({"text": json.loads((root / "texts.json").read_text())})
    source = (root / "model").as_uri()
    model = mlflow.pyfunc.load_model(source)
    assert model.metadata.get_input_schema().input_names() == ["text"], model.metadata.signature
    answers = model.predict(frame).to_dict("records")
    assert set(answers[0]) == set(model.metadata.get_output_schema().input_names()), answers[0]
    (root / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
