"""A recipe on a Spark cluster:

spark-submit spark_job.py RECIPE FOLDER [INPUT...]

Paths are absolute, and every machine sees the same files under them. The guide's page on clusters
(docs/guide/cluster.md) says what has to be installed where.
"""

import json
import sys

from pyspark.sql import SparkSession

import tamis.spark


def main():
    recipe, folder, *inputs = sys.argv[1:]
    spark = SparkSession.builder.appName("tamis " + recipe).getOrCreate()
    result = tamis.spark.run(recipe, spark, folder=folder, inputs=inputs or None)
    print(json.dumps(result["counts"]))
    spark.stop()


if __name__ == "__main__":
    main()
