"""What a request means: mistakes that no schema can see, in OpenAI's words. One module for each kind of mistake."""
