cdk synth -c environment=test
