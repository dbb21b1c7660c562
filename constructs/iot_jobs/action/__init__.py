"""The programs that action.yml runs on a pull request: the review, then the comment."""
