"""Flower's server for `regulars federated join`: asks for statistics, agrees, then FedAvg or FedProx."""

import json
import math
import time

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, RecordDict
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg, FedProx

app = ServerApp()


def agree(told: list[dict]) -> dict:
    """What `Agreement::of` does in src/engine/train/federated/agree.rs: counts, sums, squares, levels."""
    columns = []
    for name in sorted(told[0]["columns"]):
        summaries = [branch["columns"].get(name) for branch in told]
        if any(summary is None for summary in summaries):
            continue
        if all("number" in summary for summary in summaries):
            numbers = [summary["number"] for summary in summaries]
            count, total, squares = (sum(n[key] for n in numbers) for key in ("count", "sum", "squares"))
            if count == 0:
                continue
            mean = total / count
            deviation = math.sqrt(max(squares / count - mean * mean, 0.0))
            if deviation > 0:
                columns.append({"number": {"name": name, "mean": mean, "deviation": deviation}})
        elif all("levels" in summary for summary in summaries):
            # Sorted by bytes, as Rust sorts text: branches look levels up by halving.
            levels = sorted({level for s in summaries for level in s["levels"]}, key=lambda t: t.encode())
            if len(levels) > 1:
                columns.append({"levels": {"name": name, "levels": levels}})
        else:
            raise ValueError(f"{name} is a number in one branch and a category in another")
    if not columns:
        raise ValueError("the branches share no column to learn from")
    return {"columns": columns}


@app.main()
def main(grid: Grid, context: Context) -> None:
    config = context.run_config
    branches = int(config["branches"])
    while len(nodes := list(grid.get_node_ids())) < branches:
        time.sleep(0.5)
    ask = [Message(RecordDict(), dst_node_id=node, message_type="query") for node in nodes]
    answers = list(grid.send_and_receive(ask))
    told = [json.loads(answer.content["answer"]["statistics"]) for answer in answers if answer.has_content()]
    agreement = agree(told)
    width = sum(len(c["levels"]["levels"]) if "levels" in c else 1 for c in agreement["columns"])
    print(f"{len(told)} branches agreed on {width} features", flush=True)

    random = np.random.default_rng(int(config["seed"]))
    limit = math.sqrt(6 / (width + 1))
    weights = random.uniform(-limit, limit, (width, 1)).astype(np.float32)
    start = ArrayRecord([weights, np.zeros(1, dtype=np.float32)])
    mu = float(config["proximal"])
    asked = {
        "agreement": json.dumps(agreement),
        "spec": json.dumps({"hidden": []}),
        # For the model card of each branch.
        "branches": branches,
        "strategy": "FedProx" if mu > 0 else "FedAvg",
    }
    nodes_each = {"min_train_nodes": branches, "min_evaluate_nodes": branches, "min_available_nodes": branches}
    strategy = FedProx(proximal_mu=mu, **nodes_each) if mu > 0 else FedAvg(**nodes_each)
    result = strategy.start(
        grid=grid,
        initial_arrays=start,
        num_rounds=int(config["rounds"]),
        train_config=ConfigRecord(dict(asked)),
        evaluate_config=ConfigRecord(dict(asked)),
    )
    losses = {turn: metrics["loss"] for turn, metrics in result.evaluate_metrics_clientapp.items()}
    print("FINISHED", json.dumps({"features": width, "losses": losses}), flush=True)
