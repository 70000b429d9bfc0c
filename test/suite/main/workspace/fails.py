def main():
    values = {"there": 1}
    return values["missing"]


main()
