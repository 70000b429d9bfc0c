import trainyard

run = trainyard.init()
lr = trainyard.param("lr", 0.1)
width = trainyard.param("width", 8)


def main():
    for step in range(1, 4):
        run.validate(step, val_loss=lr / step)


if __name__ == "__main__":
    main()
